//! A TCP proxy that can be cut, slowed and made lossy: the network between two parts, where no namespace is at hand.
use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicU16, AtomicU64, Ordering},
    },
    time::Duration,
};

use anyhow::Result;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{
        TcpListener, TcpStream,
        tcp::{OwnedReadHalf, OwnedWriteHalf},
    },
};
use tokio_util::sync::CancellationToken;

/// Weather of one connection's way.
#[derive(Default)]
struct Weather {
    /// Nothing passes, nothing is refused: as when a cable is pulled.
    cut: AtomicBool,
    /// Most milliseconds by which a piece is late; what was sent first arrives first.
    jitter_ms: AtomicU64,
    /// Of a thousand pieces, lost once: they arrive a retransmission later.
    lost: AtomicU64,
}

/// What a lost segment costs: Linux's smallest retransmission timeout.
const RETRANSMISSION: Duration = Duration::from_millis(200);

/// One way between two parts.
pub struct Proxy {
    weather: Arc<Weather>,
    target: Arc<AtomicU16>,
    /// Cancelled to break every connection that stands.
    connections: std::sync::Mutex<CancellationToken>,
    stop: CancellationToken,
}

impl Proxy {
    /// Listens on 127.0.0.1 and passes on to a port there.
    pub async fn new(listen: u16, target: u16, seed: u64) -> Result<Arc<Self>> {
        let listener = bind(listen).await?;
        let proxy = Arc::new(Self {
            weather: Arc::default(),
            target: Arc::new(AtomicU16::new(target)),
            connections: std::sync::Mutex::default(),
            stop: CancellationToken::new(),
        });
        // Not the proxy itself: it ends when its owner drops it.
        let (own, stop) = (Arc::downgrade(&proxy), proxy.stop.clone());
        tokio::spawn(async move {
            let mut next = seed;
            loop {
                let accepted = tokio::select! {
                    () = stop.cancelled() => return,
                    accepted = listener.accept() => accepted,
                };
                let (Ok((client, _)), Some(own)) = (accepted, own.upgrade()) else { continue };
                next = next.wrapping_add(1);
                own.connect(client, next);
            }
        });
        Ok(proxy)
    }

    fn connect(&self, client: TcpStream, seed: u64) {
        let (weather, target) = (Arc::clone(&self.weather), self.target.load(Ordering::Relaxed));
        let broken = self.connections.lock().unwrap_or_else(std::sync::PoisonError::into_inner).clone();
        tokio::spawn(async move {
            // A connection asked for while the way is cut stands only when it is whole again.
            while weather.cut.load(Ordering::Relaxed) {
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
            let Ok(server) = TcpStream::connect(("127.0.0.1", target)).await else { return };
            let _ = client.set_nodelay(true).and(server.set_nodelay(true));
            let ((from_client, to_client), (from_server, to_server)) = (client.into_split(), server.into_split());
            tokio::select! {
                () = broken.cancelled() => {}
                _ = pass(from_client, to_server, &weather, seed) => {}
                _ = pass(from_server, to_client, &weather, seed ^ 0xffff) => {}
            }
        });
    }

    /// Nothing passes until [`Proxy::mend`].
    pub fn cut(&self) {
        self.weather.cut.store(true, Ordering::Relaxed);
    }

    pub fn mend(&self) {
        self.weather.cut.store(false, Ordering::Relaxed);
    }

    pub fn weather(&self, jitter_ms: u64, lost_per_mille: u64) {
        self.weather.jitter_ms.store(jitter_ms, Ordering::Relaxed);
        self.weather.lost.store(lost_per_mille, Ordering::Relaxed);
    }

    /// Breaks what stands; new connections go to another port.
    pub fn redirect(&self, target: u16) {
        self.target.store(target, Ordering::Relaxed);
        let mut connections = self.connections.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        std::mem::take(&mut *connections).cancel();
    }
}

impl Drop for Proxy {
    fn drop(&mut self) {
        self.stop.cancel();
        self.connections.lock().unwrap_or_else(std::sync::PoisonError::into_inner).cancel();
    }
}

/// The port, as soon as the proxy that had it before has let it go.
async fn bind(port: u16) -> std::io::Result<TcpListener> {
    for _ in 0..100 {
        match TcpListener::bind(("127.0.0.1", port)).await {
            Err(error) if error.kind() == std::io::ErrorKind::AddrInUse => tokio::time::sleep(Duration::from_millis(20)).await,
            bound => return bound,
        }
    }
    TcpListener::bind(("127.0.0.1", port)).await
}

async fn pass(mut from: OwnedReadHalf, mut to: OwnedWriteHalf, weather: &Weather, seed: u64) -> std::io::Result<()> {
    let mut rng = fastrand::Rng::with_seed(seed);
    let mut piece = vec![0; 64 * 1024];
    loop {
        let read = from.read(&mut piece).await?;
        if read == 0 {
            return to.shutdown().await;
        }
        let jitter = weather.jitter_ms.load(Ordering::Relaxed);
        let mut late = Duration::from_millis(if jitter == 0 { 0 } else { rng.u64(0..=jitter) });
        if rng.u64(0..1000) < weather.lost.load(Ordering::Relaxed) {
            late += RETRANSMISSION;
        }
        if !late.is_zero() {
            tokio::time::sleep(late).await;
        }
        while weather.cut.load(Ordering::Relaxed) {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        to.write_all(&piece[..read]).await?;
    }
}
