//! The order of the cases of a call, and how far money and places reach: pure, and the same for the same seed.

use std::cmp::Reverse;

use program::Program;
use program::definition::{Effect, StateKind, Ties};
use serde::{Deserialize, Serialize};
use uuid::Uuid;
use vocabulary::{Bilingual, Instant, Rate, Yen, day_in_japan, digest, time_in_japan};

use crate::case::Case;
use crate::line::ranking_action;

/// What a case is when its call is ranked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Entry {
    /// Takes part.
    Ranked(Contender),
    /// Its panel's points do not reach the minimum (基準点): it gets no rank.
    Failed,
    /// Has still to be put before its panel, to be scored, or to be decided about: the call cannot be ranked yet.
    Unfinished,
    /// Decided or ended, or its program ranks nothing.
    Beside,
}

/// What the case is when its call is ranked now.
#[must_use]
pub fn entry(program: &Program, case: &Case) -> Entry {
    let body = &case.body;
    let ranks = program.actions().any(|action| action.rule.effects.contains(&Effect::Rank));
    let waits = matches!(body.standing.kind, Some(StateKind::WithOffice | StateKind::WithApplicant));
    if ranking_action(program, case).is_none() {
        return if ranks && waits && body.placing.is_none() { Entry::Unfinished } else { Entry::Beside };
    }
    let outcome = body.panel.as_ref().and_then(|panel| panel.outcome.as_ref());
    if outcome.is_some_and(|outcome| !outcome.passed) {
        return Entry::Failed;
    }
    let before_a_panel = program.definition().program.panel.is_some();
    if body.pending.is_some() || (before_a_panel && outcome.is_none()) {
        return Entry::Unfinished;
    }
    let amounts = program.definition().archetype.amounts.keys().rev();
    let asks = amounts.filter_map(|name| body.amounts.get(name)).map(|frozen| frozen.yen).next();
    Entry::Ranked(Contender {
        application: case.id,
        score: outcome.map(|outcome| outcome.mean),
        arrived: body.ranked_at.or(body.standing.received_at).unwrap_or(case.head.at),
        asks: asks.unwrap_or(Yen::ZERO),
    })
}

/// A case that is to be ranked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Contender {
    pub application: Uuid,
    /// Of a closed panel; contenders without a panel rank by arrival alone.
    pub score: Option<Rate>,
    /// The moment of (complete) receipt.
    pub arrived: Instant,
    /// What it asks of the budget: the newest amount that was frozen.
    pub asks: Yen,
}

/// What there is to give.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Room {
    /// Yen. None: no budget limits this call.
    pub money: Option<Yen>,
    /// None: no capacity limits this call.
    pub places: Option<i64>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Ranked {
    pub application: Uuid,
    /// From 1; lots leave no equals.
    pub place: i64,
    pub within: bool,
    /// Whether a lot decided between this case and one next to it.
    pub by_lot: bool,
    /// Why it has this place, and why it is within or on the reserve list; one line a reason.
    pub explanation: Vec<Bilingual>,
}

/// The best score first, then the earliest; what decides between equals is `ties`. From the first case that the room does
/// not reach, the rest is the reserve list (補欠): nobody overtakes.
#[must_use]
pub fn rank(contenders: &[Contender], ties: Ties, seed: &str, room: Room) -> Vec<Ranked> {
    let mut keyed: Vec<_> =
        contenders.iter().map(|contender| (key(contender, ties), lot(contender, ties, seed), contender)).collect();
    keyed.sort_by(|a, b| (&a.0, &a.1, a.2.application).cmp(&(&b.0, &b.1, b.2.application)));
    let equal = |a: usize, b: usize| matches!((keyed.get(a), keyed.get(b)), (Some(a), Some(b)) if a.0 == b.0);
    let mut left = room;
    let mut ranked = Vec::with_capacity(keyed.len());
    for (i, (_, _, contender)) in keyed.iter().enumerate() {
        let before_reached = ranked.last().is_none_or(|last: &Ranked| last.within);
        let room_before = left;
        let within = before_reached && left.take(contender.asks);
        let by_lot = ties == Ties::Lot && (equal(i, i + 1) || i.checked_sub(1).is_some_and(|before| equal(before, i)));
        let mut explanation = order_explained(contender, by_lot);
        if before_reached {
            explanation.extend(room_explained(contender, room_before, within));
        } else {
            explanation.push(Bilingual::new(
                "上位に補欠の案件があるため補欠です（順位を飛ばした採択はありません）",
                "On the reserve list, because a case ranked above is; nobody overtakes",
            ));
        }
        let place = ranked.len() as i64 + 1;
        ranked.push(Ranked { application: contender.application, place, within, by_lot, explanation });
    }
    ranked
}

fn order_explained(contender: &Contender, by_lot: bool) -> Vec<Bilingual> {
    let arrived = time_in_japan(contender.arrived);
    let mut lines = Vec::new();
    if let Some(mean) = contender.score {
        lines.push(Bilingual::new(
            format!("審査会の総合点の平均 {mean}点"),
            format!("Mean of the panel's totals: {mean}"),
        ));
    }
    lines.push(Bilingual::new(format!("到達 {arrived}"), format!("Arrived at {arrived}")));
    if by_lot {
        let (ja, en) = ("同順位の案件があるため、抽選で順位を決めました", "Decided by lot between equals");
        lines.push(Bilingual::new(ja, en));
    }
    lines
}

fn room_explained(contender: &Contender, room: Room, within: bool) -> Vec<Bilingual> {
    let (ja, en) = if within { ("範囲内", "within") } else { ("不足のため補欠", "not enough: reserve list") };
    let asks = contender.asks;
    let money = room.money.map(|left| {
        Bilingual::new(
            format!("所要額 {asks}円、この順位での予算の残額 {left}円"),
            format!("Asks {asks} yen; {left} yen are left at this place"),
        )
    });
    let places = room.places.map(|left| {
        Bilingual::new(format!("この順位での残りの枠 {left}件"), format!("{left} places are left at this place"))
    });
    let outcome = Bilingual::new(format!("採択の枠・予算: {ja}"), format!("Places and budget: {en}"));
    money.into_iter().chain(places).chain([outcome]).collect()
}

impl Room {
    /// Takes what one case asks, if it is there.
    fn take(&mut self, asks: Yen) -> bool {
        let money = self.money.map(|money| money.minus(asks).ok().filter(|left| !left.is_negative()));
        let places = self.places.map(|places| Some(places - 1).filter(|left| *left >= 0));
        if matches!(money, Some(None)) || matches!(places, Some(None)) {
            return false;
        }
        *self = Self { money: money.flatten(), places: places.flatten() };
        true
    }
}

/// What ranks by itself: score, then the day or the moment.
fn key(contender: &Contender, ties: Ties) -> (Reverse<Option<Rate>>, Option<Instant>) {
    let by_lot = ties == Ties::Lot;
    let arrived = match (contender.score, by_lot) {
        (Some(_), true) => None,
        (None, true) => Some(vocabulary::start_of_day(day_in_japan(contender.arrived))),
        (_, false) => Some(contender.arrived),
    };
    (Reverse(contender.score), arrived)
}

/// Each case draws its lot from the seed and its own identifier, so that anybody can draw it again.
fn lot(contender: &Contender, ties: Ties, seed: &str) -> Option<String> {
    (ties == Ties::Lot).then(|| digest(format!("{seed}/{}", contender.application).as_bytes()))
}

#[cfg(test)]
mod tests {
    use chrono::TimeDelta;

    use super::*;

    fn contender(id: u128, score: Option<(i64, i64)>, minutes: i64, asks: i64) -> Contender {
        let morning = vocabulary::start_of_day(vocabulary::parse_day("2026-06-01").unwrap());
        Contender {
            application: Uuid::from_u128(id),
            score: score.map(|(n, d)| Rate::new(n, d).unwrap()),
            arrived: morning + TimeDelta::minutes(minutes),
            asks: Yen::new(asks).unwrap(),
        }
    }

    fn places(ranked: &[Ranked]) -> Vec<(u128, bool)> {
        ranked.iter().map(|one| (one.application.as_u128(), one.within)).collect()
    }

    #[test]
    fn the_best_mean_comes_first_and_the_budget_ends_where_one_does_not_fit() {
        let all = [
            contender(1, Some((200, 3)), 0, 500_000),
            contender(2, Some((201, 3)), 5, 600_000),
            contender(3, Some((50, 1)), 1, 100_000),
        ];
        let room = Room { money: Some(Yen::new(1_050_000).unwrap()), places: None };
        assert_eq!(places(&rank(&all, Ties::Arrival, "", room)), [(2, true), (1, false), (3, false)]);
    }

    #[test]
    fn lots_decide_only_between_equals_and_can_be_drawn_again() {
        let all: Vec<_> = (1..=8).map(|id| contender(id, Some((60, 1)), id.try_into().unwrap(), 0)).collect();
        let room = Room { money: None, places: Some(3) };
        let first = rank(&all, Ties::Lot, "seed", room);
        assert_eq!(first, rank(&all, Ties::Lot, "seed", room));
        assert!(first.iter().all(|one| one.by_lot));
        assert_eq!(first.iter().filter(|one| one.within).count(), 3);
        let orders: std::collections::BTreeSet<_> =
            ["a", "b", "c", "d"].map(|seed| places(&rank(&all, Ties::Lot, seed, room))).into();
        assert!(orders.len() > 1, "another seed draws other lots");
    }

    #[test]
    fn without_a_panel_the_day_or_the_moment_of_receipt_ranks() {
        let all = [contender(1, None, 1_500, 0), contender(2, None, 30, 0), contender(3, None, 20, 0)];
        let room = Room { money: None, places: None };
        assert_eq!(places(&rank(&all, Ties::Arrival, "", room)), [(3, true), (2, true), (1, true)]);
        let by_lot = rank(&all, Ties::Lot, "x", room);
        assert_eq!(by_lot[2].application.as_u128(), 1, "the day after comes last");
        assert_eq!(by_lot.iter().map(|one| one.by_lot).collect::<Vec<_>>(), [true, true, false]);
    }
}
