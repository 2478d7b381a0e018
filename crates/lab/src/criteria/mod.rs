//! Criteria beside the interpreter of the crate `cel`: the same answers, and how much faster.

#[cfg(test)]
mod grammar;
mod interpreter;
mod sample;

use std::hint::black_box;

use fastrand::Rng;
use risk_domain::{Criterion, Facts, Index, Lists, Scratch};

use crate::{Figure, median_ns};

/// Microseconds for each declaration: ours, and the interpreter's over the same profiles one after the other.
#[derive(Debug, Clone, Copy)]
pub struct Race {
    pub ours: f64,
    pub interpreter: f64,
}

/// Times `profiles` generated profiles on generated declarations of 1 to 10 lines.
///
/// The interpreter has its programs compiled before and its context built once for each declaration, from the same lists.
///
/// # Panics
/// When a generated profile is refused, or the two disagree.
#[expect(clippy::float_arithmetic, reason = "a measurement, not a decision")]
pub fn race(profiles: usize, seed: u64) -> Race {
    let mut rng = Rng::with_seed(seed);
    let lists = sample::lists(&mut rng);
    let sources: Vec<String> = (0..profiles).map(|_| sample::profile(&mut rng)).collect();
    let compiled: Vec<Criterion> = sources.iter().map(|s| compile(s, &lists)).collect();
    let index = Index::new(compiled.iter().enumerate());
    let declarations: Vec<Facts> = (0..1_000).map(|_| sample::declaration(&mut rng)).collect();
    let mut scratch = Scratch::default();
    let ours = median_ns(9, declarations.len(), || {
        for facts in &declarations {
            black_box(index.matches(black_box(facts), &mut scratch));
        }
    });

    let env = interpreter::environment();
    let programs: Vec<cel::Program> = sources.iter().map(|s| interpreter::program(&env, s)).collect();
    let few = &declarations[..(100_000 / profiles).clamp(1, 200)];
    let mut found = Vec::new();
    let interpreter = median_ns(3, few.len(), || {
        found.clear();
        for facts in few {
            let context = interpreter::context(&env, facts, &lists);
            found.push(programs.iter().enumerate().filter(|(_, p)| interpreter::holds(p, &context)).map(|(n, _)| n).collect::<Vec<usize>>());
        }
    });
    for (facts, theirs) in few.iter().zip(found) {
        assert!(index.matches(facts, &mut scratch).iter().map(|(n, _)| *n).eq(theirs), "the interpreter finds other profiles");
    }
    Race { ours: ours / 1e3, interpreter: interpreter / 1e3 }
}

fn compile(source: &str, lists: &Lists) -> Criterion {
    Criterion::compile(source, lists).unwrap_or_else(|faults| panic!("{source}: {faults:?}"))
}

/// Speed of criteria with 100 and 10,000 profiles.
#[expect(clippy::float_arithmetic, reason = "a measurement, not a decision")]
pub fn figures() -> Vec<Figure> {
    let mut figures = Vec::new();
    for (profiles, must) in [(100, 2.0), (10_000, 50.0)] {
        let race = race(profiles, 4);
        figures.push(
            Figure::new(format!("criteria: {profiles} profiles, beside the interpreter"), "µs/declaration", race.ours)
                .must(must)
                .beside(race.interpreter),
        );
        let share = race.ours / race.interpreter * 100.0;
        figures.push(Figure::new(format!("criteria: {profiles} profiles, share of the interpreter's time"), "%", share).must(2.0));
    }
    figures
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::criteria::grammar::Grammar;

    /// 1,000 expressions on 100 declarations each.
    #[test]
    fn on_100_000_generated_pairs_the_interpreter_agrees() {
        let mut rng = Rng::with_seed(81_2019);
        let lists = sample::lists(&mut rng);
        let declarations: Vec<Facts> = (0..400).map(|n| odd(&mut rng, n)).collect();
        let env = interpreter::environment();
        let contexts: Vec<_> = declarations.iter().map(|facts| interpreter::context(&env, facts, &lists)).collect();
        let (mut pairs, mut held) = (0, 0);
        let mut all = Vec::new();
        for n in 0..1_000 {
            let about = &declarations[rng.usize(..declarations.len())];
            let source = Grammar { rng: &mut rng, facts: about, lists: &lists }.test(n % 4, false);
            let criterion = match Criterion::compile(&source, &lists) {
                Ok(criterion) => criterion,
                Err(faults) => panic!("{source}: {faults:?}"),
            };
            let program = interpreter::program(&env, &source);
            let first = rng.usize(..declarations.len());
            for place in (0..100).map(|n| (first + n) % declarations.len()) {
                let ours = criterion.first_match(&declarations[place]).is_some();
                assert_eq!(ours, interpreter::holds(&program, &contexts[place]), "{source}\n{:?}", declarations[place]);
                pairs += 1;
                held += usize::from(ours);
            }
            all.push(criterion);
        }
        assert!(pairs == 100_000 && (20_000..80_000).contains(&held), "{held} of {pairs} hold");

        let index = Index::new(all.iter().enumerate());
        let mut scratch = Scratch::default();
        for facts in &declarations {
            let one_by_one: Vec<(usize, u32)> = all.iter().enumerate().filter_map(|(n, c)| Some((n, c.first_match(facts)?))).collect();
            assert_eq!(index.matches(facts, &mut scratch), one_by_one);
        }
    }

    /// Texts as people mistype them: parts of expressions cut, doubled and shuffled.
    #[test]
    fn no_text_whatever_upsets_the_compiler() {
        let mut rng = Rng::with_seed(6);
        let lists = sample::lists(&mut rng);
        let facts = sample::declaration(&mut rng);
        let odd: Vec<char> = "(){}[]<>!=&|+-*/%.,:?'\"\\`@#$~ \n\t\u{0}éß0129axl".chars().collect();
        let mut refused = 0;
        for n in 0..3_000 {
            let mut text: Vec<char> = Grammar { rng: &mut rng, facts: &facts, lists: &lists }.test(n % 4, false).chars().collect();
            for _ in 0..rng.usize(1..6) {
                let at = rng.usize(..=text.len());
                match rng.u8(..4) {
                    0 => text.truncate(at),
                    1 => text.insert(at, odd[rng.usize(..odd.len())]),
                    2 => text.rotate_left(at),
                    _ => drop(text.drain(at..(at + rng.usize(..4)).min(text.len()))),
                }
            }
            let text: String = text.into_iter().collect();
            if let Err(faults) = Criterion::compile(&text, &lists) {
                assert!(!faults.is_empty() && faults.iter().all(|f| f.line > 0 && f.column > 0 && !f.text.is_empty()), "{text}: {faults:?}");
                refused += 1;
            }
        }
        assert!(refused > 2_000, "{refused}");
    }

    /// A declaration with the corners: no lines, texts outside ASCII, numbers near the ends of 64 bits.
    fn odd(rng: &mut Rng, n: usize) -> Facts {
        let mut facts = sample::declaration(rng);
        match n % 10 {
            0 => facts.lines.clear(),
            1 => facts.counterparty = "Công ty Đường Ngọt".to_owned(),
            2 => facts.value = i64::MAX - 1,
            3 => facts.duty_vnd = i64::MIN,
            4 => facts.lines.iter_mut().for_each(|l| l.net_mass_g = 0),
            5 => facts.plate = String::new(),
            _ => {}
        }
        facts
    }

    #[test]
    fn an_index_evaluates_few_of_many_profiles() {
        let mut rng = Rng::with_seed(1);
        let lists = sample::lists(&mut rng);
        let compiled: Vec<Criterion> = (0..2_000).map(|_| compile(&sample::profile(&mut rng), &lists)).collect();
        let index = Index::new(compiled.iter().enumerate());
        let evaluated: usize = (0..100).map(|_| index.evaluated(&sample::declaration(&mut rng))).sum();
        assert!(evaluated < 100 * 2_000 / 20, "{} of 2000 for each declaration", evaluated / 100);
    }
}
