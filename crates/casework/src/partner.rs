//! 第三者: who is invited to act on a case through a link of their own, and when that ends.

use chrono::TimeDelta;
use program::definition::Name;
use serde_json::Value;
use vocabulary::{EmailAddress, day_in_japan, end_of_day};

use crate::act::{LinkChange, Refusal, World};
use crate::case::{Case, Linked};

/// The newest link of each partner in the case, and what has to be done about links.
pub(crate) fn invite(
    world: &World<'_>,
    case: &mut Case,
    partner: &str,
    given: impl Fn(&str) -> Option<Value>,
) -> Result<Vec<LinkChange>, Vec<Refusal>> {
    let text = |part: &str| given(&format!("{partner}_{part}")).and_then(|value| value.as_str().map(str::to_owned));
    let path = format!("{partner}_email");
    let email: EmailAddress = text("email").unwrap_or_default().parse().map_err(|invalid: vocabulary::Invalid| {
        vec![Refusal { message: invalid.message, ..Refusal::new(invalid.code, "", "") }.at(path)]
    })?;
    let name = text("name").unwrap_or_default();
    let days = world.program.definition().archetype.partners.get(partner).map_or(0, |rule| rule.days);
    let until = end_of_day(day_in_japan(world.now + TimeDelta::days(days.into())));
    let link = (world.ids)();
    let mut changes = end(case, partner);
    let linked = Linked { link, name: name.clone(), until, ended: false };
    case.body.partners.insert(partner.to_owned(), linked);
    changes.push(LinkChange::Invited { link, partner: partner.to_owned(), name, email, until });
    Ok(changes)
}

/// Ends the partner's link, if there is one.
pub(crate) fn end(case: &mut Case, partner: &str) -> Vec<LinkChange> {
    let open = case.body.partners.get_mut(partner).filter(|linked| !linked.ended);
    let ended = open.map(|linked| {
        linked.ended = true;
        LinkChange::Ended { link: linked.link }
    });
    ended.into_iter().collect()
}

/// A case that has ended needs nobody any more.
pub(crate) fn end_all(case: &mut Case) -> Vec<LinkChange> {
    let partners: Vec<Name> = case.body.partners.keys().cloned().collect();
    partners.iter().flat_map(|partner| end(case, partner)).collect()
}
