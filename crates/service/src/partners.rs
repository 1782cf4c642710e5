//! 第三者: what the holder of a link sees of one case, and does in it. Nothing here goes through the views of applicants
//! and staff, so that whatever those show more of some day stays hidden from partners.

use std::collections::BTreeMap;

use casework::{Act, Actor, Partner};
use chrono::NaiveDate;
use program::definition::{DocumentSlot, Name};
use store::{CaseKey, Lock, StoredLink};
use uuid::Uuid;
use vocabulary::{Bilingual, Instant};

use crate::offers::available;
use crate::once::Wish;
use crate::secrets::{hashed, token};
use crate::service::Service;
use crate::view::{Application, AvailableAction};
use crate::{Error, Result};

/// By which a link's token is told from an API token.
pub const PARTNER_TOKEN: &str = "pl_";

/// Whoever sent the token of a link that holds now.
#[derive(Clone, Debug)]
pub struct PartnerViewer {
    pub partner: Partner,
    pub expires_at: Instant,
}

/// All that a partner sees of its case.
#[derive(Clone, Debug)]
pub struct PartnerCase {
    pub municipality: Bilingual,
    pub program: Bilingual,
    pub number: Option<String>,
    pub business: String,
    pub state: Bilingual,
    /// The last day for what is asked.
    pub deadline: Option<NaiveDate>,
    pub version: i64,
    /// What the archetype calls the partner.
    pub label: Bilingual,
    /// To whom the link was sent.
    pub name: String,
    pub expires_at: Instant,
    pub documents: Vec<PartnerDocument>,
    /// What the partner may do now, with the forms that are asked for.
    pub actions: Vec<AvailableAction>,
}

/// A document that was marked for the partner.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PartnerDocument {
    pub kind: Bilingual,
    pub file: Uuid,
    pub name: String,
    pub sha256: String,
}

impl Service {
    /// # Errors
    /// `Unauthenticated` when the token is unknown, or its link is over or has ended.
    pub async fn partner_by_token(&self, token: &str) -> Result<PartnerViewer> {
        let link = self.reader().link_by_token(&hashed(token), self.now()).await?.ok_or(Error::Unauthenticated)?;
        let partner = Partner { link: link.id, case: link.application, partner: link.partner, name: link.name };
        Ok(PartnerViewer { partner, expires_at: link.expires_at })
    }

    /// # Errors
    /// Faults only.
    pub async fn partner_case(&self, viewer: &PartnerViewer) -> Result<PartnerCase> {
        let found = self.reader().load_case(CaseKey::Id(viewer.partner.case), Lock::Nothing).await?;
        let application = self.view(self.reader(), found.ok_or(Error::NotFound)?).await?;
        Ok(self.shown_to_partner(viewer, &application))
    }

    fn shown_to_partner(&self, viewer: &PartnerViewer, application: &Application) -> PartnerCase {
        let (case, program) = (&application.case, &application.program);
        let rule = program.definition().archetype.partners.get(&viewer.partner.partner);
        let fixed = self.fix();
        let ids = fixed.ids();
        let world = fixed.world(application, BTreeMap::new(), &ids);
        let actions = available(&world, application, &Actor::Partner(viewer.partner.clone()));
        PartnerCase {
            municipality: application.municipality.name.clone(),
            program: program.definition().program.title.clone(),
            number: case.body.numbers.get(casework::numbers::APPLICATION).cloned(),
            business: case.business.name.clone(),
            state: program.state(&case.state).map(|state| state.label.clone()).unwrap_or_default(),
            deadline: case.body.deadline.as_ref().map(|deadline| deadline.day),
            version: case.version,
            label: rule.map(|rule| rule.label.clone()).unwrap_or_default(),
            name: viewer.partner.name.clone(),
            expires_at: viewer.expires_at,
            documents: marked(application, rule.map(|rule| rule.documents.as_slice()).unwrap_or_default()),
            actions,
        }
    }

    /// # Errors
    /// `Refused` with every reason, `Conflict` when the case has moved on, `IdempotencyConflict` when the key was used for
    /// something else.
    pub async fn act_as_partner(&self, viewer: &PartnerViewer, act: Act, key: &str) -> Result<PartnerCase> {
        let Partner { link, case, .. } = viewer.partner;
        let (actor, fixed) = (Actor::Partner(viewer.partner.clone()), self.fix());
        let wish = Wish::by(link, key, "performPartnerAction", &(case, &act), (fixed.event, fixed.now))?;
        let done = self
            .store()
            .write(|tx| {
                let (wish, actor, act, fixed) = (&wish, &actor, &act, &fixed);
                Box::pin(async move {
                    if wish.claim(tx).await?.is_some() {
                        let found = tx.load_case(CaseKey::Id(case), Lock::Nothing).await?.ok_or(Error::NotFound)?;
                        return self.view(tx, found).await;
                    }
                    self.act_in(tx, actor, case, act, fixed).await.map(|(application, _)| application)
                })
            })
            .await;
        match done {
            Ok(application) => Ok(self.shown_to_partner(viewer, &application)),
            // The case as it is now is more than a partner sees.
            Err(Error::Stale(_)) => Err(Error::Conflict),
            Err(error) => Err(error),
        }
    }

    /// A new token for a partner's link, in place of the one before; only its digest is kept. None when the case has
    /// no link that holds.
    pub(crate) async fn new_partner_token(&self, case: Uuid, partner: &str) -> Result<Option<(StoredLink, String)>> {
        let Some(link) = self.reader().link_of(case, partner, self.now()).await? else { return Ok(None) };
        let token = format!("{PARTNER_TOKEN}{}", token(&*self.inner.ids));
        let hash = hashed(&token);
        self.store()
            .write(|tx| {
                let (link, hash) = (link.id, &hash);
                Box::pin(async move { Ok::<_, Error>(tx.give_token(link, hash).await?) })
            })
            .await?;
        Ok(Some((link, token)))
    }
}

/// The newest documents of these kinds, whichever form they came with.
fn marked(application: &Application, kinds: &[Name]) -> Vec<PartnerDocument> {
    let archetype = &application.program.definition().archetype;
    let asked = |form: &str| application.program.definition().program.documents.get(form);
    let mut documents = Vec::new();
    for (form, submission) in &application.case.body.forms {
        for (slot, files) in &submission.documents {
            let declared = asked(form).into_iter().flatten().any(|asked| match asked {
                DocumentSlot::Named(name) => name == slot,
                DocumentSlot::Full(rule) => rule.name == *slot,
            });
            let Some(kind) = archetype.documents.get(slot).filter(|_| declared && kinds.contains(slot)) else {
                continue;
            };
            documents.extend(files.iter().map(|file| PartnerDocument {
                kind: kind.label.clone(),
                file: file.file,
                name: file.name.clone(),
                sha256: file.sha256.clone(),
            }));
        }
    }
    documents
}
