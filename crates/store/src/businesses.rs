//! Businesses, who may act for them, and how they are found by parts of their names.
//!
//! Japanese names have no spaces, so every two neighboring characters of the search text are indexed; what the index
//! finds is compared with the whole text.

use std::collections::BTreeSet;

use casework::Business;
use sea_orm::sea_query::OnConflict;
use sea_orm::{ActiveValue::Set, ColumnTrait, EntityTrait, QueryFilter, QueryOrder, Value};
use uuid::Uuid;
use vocabulary::{Instant, normalized_for_search};

use crate::entity::{account, business, membership, search_gram};
use crate::error::Result;
use crate::people::one_changed;
use crate::reader::Reader;
use crate::row::{Columns, from_json, from_word, json, placeholders, word};
use crate::unit::Tx;

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum MemberRole {
    Owner,
    Member,
    /// A certified agent, e.g. 行政書士, with a power of attorney.
    Delegate,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Membership {
    pub account: Uuid,
    pub business: Uuid,
    pub role: MemberRole,
    pub ends_at: Option<Instant>,
}

/// A member with what people are shown of him or her.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MemberShown {
    pub membership: Membership,
    pub name: String,
    pub email: String,
}

fn stored(row: business::Model) -> Result<Business> {
    Ok(Business {
        id: row.id,
        name: row.name,
        name_kana: row.name_kana,
        address: row.address,
        representative: row.representative,
        corporate_number: row.corporate_number,
        facts: from_json("business", &row.facts)?,
    })
}

/// Name, kana and corporate number in the form in which text is compared, apart from each other.
fn search_text(business: &Business) -> String {
    let parts = [Some(&business.name), Some(&business.name_kana), business.corporate_number.as_ref()];
    let parts: Vec<String> = parts.into_iter().flatten().map(|part| normalized_for_search(part)).collect();
    parts.join(" ")
}

/// Every two neighboring characters, and every single one so that a search for one character finds something.
fn grams(text: &str) -> BTreeSet<String> {
    let characters: Vec<char> = text.chars().collect();
    let pairs = characters.windows(2).filter(|pair| !pair.contains(&' ')).map(|pair| pair.iter().collect());
    let singles = characters.iter().filter(|character| **character != ' ').map(|character| character.to_string());
    pairs.chain(singles).collect()
}

/// The grams that a business must have to match: pairs where there are any.
pub(crate) fn wanted_grams(normalized: &str) -> Vec<String> {
    let found = grams(normalized);
    let pairs: Vec<String> = found.iter().filter(|gram| gram.chars().count() == 2).cloned().collect();
    if pairs.is_empty() { found.into_iter().collect() } else { pairs }
}

/// As a pattern that matches it anywhere; `!` escapes.
pub(crate) fn like_anywhere(normalized: &str) -> String {
    let escaped = normalized.replace('!', "!!").replace('%', "!%").replace('_', "!_");
    format!("%{escaped}%")
}

/// A part of a business's name, kana or corporate number that is searched for.
pub(crate) struct Wanted {
    /// Of its grams the one that the fewest businesses have.
    pub(crate) gram: String,
    pub(crate) like: String,
}

impl Reader {
    /// # Errors
    /// When the database fails.
    pub async fn business(&self, id: Uuid) -> Result<Option<Business>> {
        business::Entity::find_by_id(id).one(&self.db()).await?.map(stored).transpose()
    }

    /// Those that exist.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn businesses(&self, ids: &[Uuid]) -> Result<Vec<Business>> {
        let mut found = Vec::with_capacity(ids.len());
        for part in ids.chunks(1_000) {
            let query = business::Entity::find().filter(business::Column::Id.is_in(part.iter().copied()));
            for row in query.all(&self.db()).await? {
                found.push(stored(row)?);
            }
        }
        Ok(found)
    }

    /// # Errors
    /// When the database fails.
    pub async fn business_by_corporate_number(&self, number: &str) -> Result<Option<Business>> {
        let query = business::Entity::find().filter(business::Column::CorporateNumber.eq(number));
        query.one(&self.db()).await?.map(stored).transpose()
    }

    /// Ids of businesses whose name, kana or corporate number holds the text, at most `limit`, in the order of ids.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn find_businesses(&self, text: &str, limit: usize) -> Result<Vec<Uuid>> {
        match self.wanted(text).await? {
            Some(wanted) => self.find_businesses_of(&[], &wanted, limit).await,
            None => Ok(Vec::new()),
        }
    }

    /// None when no business can match.
    pub(crate) async fn wanted(&self, text: &str) -> Result<Option<Wanted>> {
        let normalized = normalized_for_search(text);
        let rarest = self.rarest_gram(&normalized).await?;
        Ok(rarest.map(|gram| Wanted { gram, like: like_anywhere(&normalized) }))
    }

    /// Only those that have handed in a case to one of the municipalities, if any is named.
    pub(crate) async fn find_businesses_of(
        &self,
        municipalities: &[String],
        wanted: &Wanted,
        limit: usize,
    ) -> Result<Vec<Uuid>> {
        // No joins, nor what can be made one: a planner may read all businesses or cases then, since it cannot know how
        // rare the gram is.
        let mut sql = String::from(
            "SELECT g.business FROM search_gram g WHERE g.gram = $1 \
             AND (SELECT b.search_text FROM business b WHERE b.id = g.business) LIKE $2 ESCAPE '!'",
        );
        let mut values: Vec<Value> = vec![
            wanted.gram.as_str().into(),
            wanted.like.as_str().into(),
            i64::try_from(limit).unwrap_or(i64::MAX).into(),
        ];
        if !municipalities.is_empty() {
            let list = placeholders(1, municipalities.len(), values.len() + 1);
            sql.push_str(&format!(
                " AND (SELECT 1 FROM application a WHERE a.business = g.business AND a.received_at IS NOT NULL \
                 AND a.municipality IN {list} LIMIT 1) IS NOT NULL"
            ));
            values.extend(municipalities.iter().map(|name| Value::from(name.as_str())));
        }
        sql.push_str(" ORDER BY g.business LIMIT $3");
        let rows = self.all(&sql, values).await?;
        rows.iter().map(|row| Columns::of(row).take()).collect()
    }

    /// The gram of the text that the fewest businesses have; none when no business can match.
    async fn rarest_gram(&self, normalized: &str) -> Result<Option<String>> {
        /// Of a longer text as many, spread over it, are looked at.
        const GRAMS: usize = 8;
        /// Counted so far; above, one common gram is as good as another.
        const COMMON: i64 = 1_000;
        let mut wanted = wanted_grams(normalized);
        if wanted.len() > GRAMS {
            let every = wanted.len().div_ceil(GRAMS);
            wanted = wanted.into_iter().step_by(every).collect();
        }
        if wanted.is_empty() {
            return Ok(None);
        }
        let counts: Vec<String> = (2..wanted.len() + 2)
            .map(|n| {
                format!(
                    "SELECT COUNT(*), CAST(${n} AS text) FROM (SELECT 1 FROM search_gram WHERE gram = ${n} LIMIT $1) \
                     AS g{n}"
                )
            })
            .collect();
        let mut values: Vec<Value> = vec![COMMON.into()];
        values.extend(wanted.iter().map(|gram| Value::from(gram.as_str())));
        let mut rarest: Option<(i64, String)> = None;
        for row in self.all(&counts.join(" UNION ALL "), values).await? {
            let mut columns = Columns::of(&row);
            let counted = (columns.take()?, columns.take()?);
            rarest = Some(rarest.map_or(counted.clone(), |rarest| rarest.min(counted)));
        }
        Ok(rarest.filter(|(count, _)| *count > 0).map(|(_, gram)| gram))
    }

    /// Owners first.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn members(&self, business: Uuid) -> Result<Vec<MemberShown>> {
        let query = membership::Entity::find().filter(membership::Column::Business.eq(business));
        let rows = query.order_by_asc(membership::Column::Account).all(&self.db()).await?;
        let people = account::Entity::find()
            .filter(account::Column::Id.is_in(rows.iter().map(|row| row.account)))
            .all(&self.db())
            .await?;
        let mut members = Vec::with_capacity(rows.len());
        for row in rows {
            let Some(person) = people.iter().find(|person| person.id == row.account) else { continue };
            let role = from_word("membership", &row.role)?;
            let membership = Membership { account: row.account, business: row.business, role, ends_at: row.ends_at };
            members.push(MemberShown { membership, name: person.name.clone(), email: person.email.clone() });
        }
        members.sort_by(|a, b| (a.membership.role, &a.name).cmp(&(b.membership.role, &b.name)));
        Ok(members)
    }
}

impl Tx<'_> {
    /// # Errors
    /// [`crate::StoreError::Unique`] `business_corporate_number` when the number is registered.
    pub async fn create_business(&self, business: &Business, now: Instant) -> Result<()> {
        let row = business::ActiveModel {
            id: Set(business.id),
            kind: Set(word(&business.facts.kind)?),
            name: Set(business.name.clone()),
            name_kana: Set(business.name_kana.clone()),
            corporate_number: Set(business.corporate_number.clone()),
            address: Set(business.address.clone()),
            representative: Set(business.representative.clone()),
            facts: Set(json(&business.facts)?),
            search_text: Set(search_text(business)),
            created_at: Set(now),
        };
        business::Entity::insert(row).exec_without_returning(&self.db()).await?;
        self.index(business).await
    }

    /// # Errors
    /// [`crate::StoreError::Unique`] `business_corporate_number`; [`crate::StoreError::Conflict`] when there is no
    /// such business.
    pub async fn update_business(&self, business: &Business) -> Result<()> {
        let row = business::ActiveModel {
            kind: Set(word(&business.facts.kind)?),
            name: Set(business.name.clone()),
            name_kana: Set(business.name_kana.clone()),
            corporate_number: Set(business.corporate_number.clone()),
            address: Set(business.address.clone()),
            representative: Set(business.representative.clone()),
            facts: Set(json(&business.facts)?),
            search_text: Set(search_text(business)),
            ..Default::default()
        };
        let update = business::Entity::update_many().set(row).filter(business::Column::Id.eq(business.id));
        one_changed(update.exec(&self.db()).await?.rows_affected)?;
        search_gram::Entity::delete_many()
            .filter(search_gram::Column::Business.eq(business.id))
            .exec(&self.db())
            .await?;
        self.index(business).await
    }

    async fn index(&self, business: &Business) -> Result<()> {
        let rows = grams(&search_text(business))
            .into_iter()
            .map(|gram| search_gram::ActiveModel { gram: Set(gram), business: Set(business.id) });
        search_gram::Entity::insert_many(rows).exec_without_returning(&self.db()).await?;
        Ok(())
    }

    /// Makes somebody a member, or changes the role or the end.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn put_membership(&self, member: &Membership) -> Result<()> {
        use membership::Column;
        let row = membership::ActiveModel {
            account: Set(member.account),
            business: Set(member.business),
            role: Set(word(&member.role)?),
            ends_at: Set(member.ends_at),
        };
        let on_conflict = OnConflict::columns([Column::Account, Column::Business])
            .update_columns([Column::Role, Column::EndsAt])
            .to_owned();
        membership::Entity::insert(row).on_conflict(on_conflict).exec_without_returning(&self.db()).await?;
        Ok(())
    }

    /// Whether there was one.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn remove_membership(&self, account: Uuid, business: Uuid) -> Result<bool> {
        let result = membership::Entity::delete_by_id((account, business)).exec(&self.db()).await?;
        Ok(result.rows_affected == 1)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn grams_do_not_join_what_stands_apart() {
        let found = grams("みず t1");
        assert_eq!(found, ["1", "t", "t1", "ず", "み", "みず"].map(str::to_owned).into());
        assert_eq!(wanted_grams("みずほ"), ["ずほ", "みず"]);
        assert_eq!(wanted_grams("み"), ["み"]);
    }

    #[test]
    fn wildcards_are_letters() {
        assert_eq!(like_anywhere("100%_!"), "%100!%!_!!%");
    }
}
