//! The table of a run: what was asked, what was told, what was done, and what went wrong meanwhile.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use super::blows::Blow;
use super::evidence::{Evidence, Told};
use super::ground::Ground;
use super::judge::Verdict;
use super::plan::Plan;

/// One line: an operation at a provider.
#[derive(Debug, Default)]
struct Line {
    keys: usize,
    requests: usize,
    done: usize,
    refused: usize,
    not_sent: usize,
    unknown: usize,
    lost: usize,
    effects: usize,
}

/// Returns the table.
pub(super) fn table(
    (plan, ground): (&Plan, &Ground),
    evidence: &Evidence,
    verdict: &Verdict,
    blows: &BTreeMap<Blow, u64>,
) -> String {
    let mut lines: BTreeMap<(&str, &str), Line> = BTreeMap::new();
    for wish in &evidence.wishes {
        let line = lines.entry((wish.operation, wish.provider)).or_default();
        let told = evidence.answers(&wish.key);
        let count = |is_it: fn(&Told) -> bool| told.iter().filter(|told| is_it(told)).count();
        line.keys += 1;
        line.requests += told.len();
        line.done += usize::from(count(|told| matches!(told, Told::Done { .. })) > 0);
        line.refused += count(|told| matches!(told, Told::Refused { .. }));
        line.not_sent += count(|told| matches!(told, Told::NotSent { .. }));
        line.unknown += count(|told| matches!(told, Told::Unknown { .. }));
        line.lost += count(|told| matches!(told, Told::Lost | Told::InUse));
    }
    for effect in &evidence.effects {
        if let Some(line) = lines.get_mut(&(&*effect.operation, &*effect.provider)) {
            line.effects += 1;
        }
    }
    let mut text = String::new();
    let heads = ["keys", "requests", "done", "effects", "refused", "not sent", "unknown", "no answer"];
    write!(text, "\n{:<32}", format!("seed {}", plan.seed)).ok();
    row(&mut text, &heads.map(str::to_owned));
    for ((operation, provider), line) in &lines {
        write!(text, "{:<32}", format!("{operation} {provider}")).ok();
        row(&mut text, &numbers(line).map(|number| number.to_string()));
    }
    let sum = |place: usize| lines.values().map(|line| numbers(line)[place]).sum::<usize>().to_string();
    write!(text, "{:<32}", "all").ok();
    row(&mut text, &std::array::from_fn(sum));
    let mut network: BTreeMap<&str, u64> = BTreeMap::new();
    for (name, count) in ground.network.iter().flat_map(testkit::fault_proxy::FaultProxy::counts) {
        *network.entry(name).or_default() += count;
    }
    writeln!(text, "network: {network:?}").ok();
    writeln!(text, "blows: {blows:?}").ok();
    let mut codes: BTreeMap<&str, usize> = BTreeMap::new();
    for told in evidence.told.values().flatten() {
        if let Told::Refused { code, .. } | Told::NotSent { code, .. } | Told::Unknown { code, .. } = told {
            *codes.entry(code).or_default() += 1;
        }
    }
    writeln!(text, "errors told: {codes:?}").ok();
    let Verdict { unknown, unsettled, replaced, .. } = verdict;
    writeln!(text, "transactions told as unknown: {unknown}, still unknown at last: {unsettled}").ok();
    writeln!(text, "transactions replaced by another of their key while the ledger was away: {replaced}")
        .ok();
    writeln!(text, "orders paid and not captured, their transaction replaced: {}", evidence.stuck.len()).ok();
    writeln!(text, "broken promises: {:?}", verdict.counts()).ok();
    text
}

const fn numbers(line: &Line) -> [usize; 8] {
    let Line { keys, requests, done, refused, not_sent, unknown, lost, effects } = *line;
    [keys, requests, done, effects, refused, not_sent, unknown, lost]
}

fn row(text: &mut String, cells: &[String; 8]) {
    for cell in cells {
        write!(text, "{cell:>10}").ok();
    }
    text.push('\n');
}
