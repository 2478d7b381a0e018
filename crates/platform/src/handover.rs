//! One channel to all replicas of a service: calls take turns, and a call that one replica cannot take is handed to another, once.
//!
//! That is safe for every call of this platform: queries change nothing, and a command that was decided after all finds its stored answer
//! under its idempotency key. A call that ran out of time is not handed on, nor one that was turned away because too many wait. Hand-overs draw
//! from a [`Budget`]: when all replicas are away, calls are not doubled.
use std::{
    future::Future,
    pin::Pin,
    sync::{
        Arc, Mutex,
        atomic::{AtomicUsize, Ordering},
    },
    task::{Context, Poll},
    time::Duration,
};

use http::{Request, Response};
use http_body_util::{BodyExt as _, Full};
use tokio::time::Instant;
use tonic::{
    Code, Status,
    body::Body,
    transport::{Channel, Endpoint},
};
use tower::{Service, ServiceExt as _};

use crate::{kafka::group::lock, limits::retry::Budget};

/// A replica that could not take a call is passed over for this time, unless no other is left.
const REST: Duration = Duration::from_secs(1);

/// So many calls may be in hand at a replica that goes away, and all of them find another.
pub const BALANCE: u32 = 50;

type Error = Box<dyn std::error::Error + Send + Sync>;
type Answer = Result<Response<Body>, Error>;

/// Replicas of one service; cheap to clone, connections are made when first used.
#[derive(Clone)]
pub struct Replicas {
    places: Arc<[Place]>,
    turn: Arc<AtomicUsize>,
    budget: Arc<Mutex<Budget>>,
}

/// In the extensions of a call that repeats one that failed: it takes the next in turn and is not handed on.
#[derive(Debug, Clone, Copy)]
pub struct Repeat;

struct Place {
    channel: Channel,
    failed: Mutex<Option<Instant>>,
}

impl Replicas {
    /// `addresses` are separated by commas, e.g. `http://127.0.0.1:7101,http://127.0.0.1:7111`; `configure` sets the time limits of each.
    pub fn new(addresses: &str, configure: impl Fn(Endpoint) -> Endpoint) -> Result<Self, tonic::transport::Error> {
        let place = |address: &str| {
            let channel = configure(Endpoint::from_shared(address.trim().to_owned())?).connect_lazy();
            Ok(Place { channel, failed: Mutex::new(None) })
        };
        let places: Result<Vec<Place>, tonic::transport::Error> = addresses.split(',').map(place).collect();
        Ok(Self { places: places?.into(), turn: Arc::default(), budget: Arc::new(Mutex::new(Budget::full(BALANCE))) })
    }

    /// Whether a call that failed may be repeated now; it then carries [`Repeat`].
    pub fn may_repeat(&self) -> bool {
        lock(&self.budget).repeat(Instant::now())
    }

    /// The next in turn that is not `tried`; those that failed a moment ago come last.
    fn next(&self, tried: Option<&Place>) -> Option<&Place> {
        let turn = self.turn.fetch_add(1, Ordering::Relaxed);
        let in_turn = (0..self.places.len()).filter_map(|step| self.places.get(turn.wrapping_add(step) % self.places.len()));
        let others = in_turn.filter(|place| tried.is_none_or(|tried| !std::ptr::eq(*place, tried)));
        others.min_by_key(|place| place.rests())
    }

    async fn send(self, request: Request<Body>) -> Answer {
        let (parts, body) = request.into_parts();
        let repeats = parts.extensions.get::<Repeat>().is_some();
        if !repeats {
            lock(&self.budget).first();
        }
        let body = body.collect().await?.to_bytes();
        let attempt = || Request::from_parts(parts.clone(), Body::new(Full::new(body.clone())));
        let Some(first) = self.next(None) else { return Err(Status::unavailable("the service has no address").into()) };
        let answer = first.call(attempt()).await;
        if repeats || !is_for_another(&answer) {
            return answer;
        }
        match self.next(Some(first)) {
            Some(second) if self.may_repeat() => second.call(attempt()).await,
            _ => answer,
        }
    }
}

impl Place {
    fn rests(&self) -> bool {
        lock(&self.failed).is_some_and(|at| at.elapsed() < REST)
    }

    async fn call(&self, request: Request<Body>) -> Answer {
        let answer = self.channel.clone().oneshot(request).await.map_err(Error::from);
        *lock(&self.failed) = is_for_another(&answer).then(Instant::now);
        answer
    }
}

/// Whether the replica is away, leaving, or without its database.
fn is_for_another(answer: &Answer) -> bool {
    match answer {
        Ok(response) => Status::from_header_map(response.headers()).is_some_and(|status| status.code() == Code::Unavailable),
        Err(error) => !ran_out_of_time(error.as_ref()),
    }
}

fn ran_out_of_time(error: &(dyn std::error::Error + 'static)) -> bool {
    std::iter::successors(Some(error), |error| error.source()).any(<dyn std::error::Error>::is::<tonic::TimeoutExpired>)
}

impl Service<Request<Body>> for Replicas {
    type Response = Response<Body>;
    type Error = Error;
    type Future = Pin<Box<dyn Future<Output = Answer> + Send>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Error>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request<Body>) -> Self::Future {
        Box::pin(self.clone().send(request))
    }
}
