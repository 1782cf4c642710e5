//! The life of an application as its people see it: start, draft, act, look.

use std::collections::{BTreeMap, HashMap};

use casework::history::{ROOT, Stage};
use casework::{Act, Actor, Business, Case, Head, Person, Refusal, Step, World};
use chrono::NaiveDate;
use notice::RenderedLetter;
use program::definition::{Name, Role, StateKind};
use serde_json::{Map, Value};
use store::{CaseKey, Lock, Tx};
use uuid::Uuid;
use vocabulary::{Bilingual, FiscalYear, Instant, Locale, day_in_japan};

use crate::drafts;
use crate::offers::{available, built_in_label};
use crate::once::Wish;
use crate::service::Service;
use crate::texts::letter_head;
use crate::view::{
    Application, AskedView, AvailableAction, EventView, LetterView, MessageView, Page, Performed, Viewer,
};
use crate::{Error, ProgramVersion, Result};

/// Cases that one act lets out of the line at most; the next act goes on with the rest.
const MOST_TAKEN_ON: u32 = 50;

/// Everything about an act that is fixed before its transaction begins, so that running it again gives the same.
pub(crate) struct Fixed {
    pub now: Instant,
    pub event: Uuid,
    seed: Uuid,
    pub salt: [u8; 32],
    /// The rank that the ranking of a whole call gives the case.
    placing: Option<casework::Placing>,
}

impl Service {
    /// A case as it would begin on that day, by the version in force and the call that is open, or opens next.
    pub(crate) async fn new_case(
        &self,
        program: &str,
        business: Business,
        today: NaiveDate,
        fixed: &Fixed,
    ) -> Result<(ProgramVersion, Case)> {
        let version = self.program_on(program, today).await?;
        if let Some(from) = version.program.definition().program.effective_from.filter(|from| *from > today) {
            return Err(Error::Refused(vec![drafts::not_in_force(from)]));
        }
        let year = FiscalYear::of(today);
        let usable = |call: &&crate::CallView| call.closes.is_none_or(|last| last >= today);
        let call = version
            .calls
            .iter()
            .filter(|call| call.fiscal_year >= year)
            .filter(usable)
            .min_by_key(|call| (call.fiscal_year, call.opens))
            .cloned()
            .ok_or_else(|| {
                Error::Refused(vec![Refusal::new(
                    "call.none",
                    "現在、この補助金の募集はありません。次の募集をお待ちください",
                    "There is no call for this program at the moment; please wait for the next one",
                )])
            })?;
        let mut body = casework::Body::default();
        body.standing.kind = Some(StateKind::Drafting);
        body.standing.waits_on = Some(Role::Applicant.as_str().to_owned());
        let case = Case {
            id: fixed.event,
            version: 0,
            municipality: version.program.municipality().to_owned(),
            program: program.to_owned(),
            program_hash: version.program.hash().to_owned(),
            call: casework::Call {
                id: call.id,
                fiscal_year: call.fiscal_year,
                opens: call.opens,
                closes: call.closes,
                budget_line: call.budget_line,
            },
            business,
            state: version.program.initial().to_owned(),
            body,
            head: Head { sequence: 0, hash: ROOT.to_owned(), at: fixed.now },
        };
        Ok((version, case))
    }

    /// The one way to move a case.
    ///
    /// # Errors
    /// `Refused` with every reason, `Stale` with the case as it is, `NotFound` for whoever may not know of it,
    /// `IdempotencyConflict` when the key was used for something else.
    pub async fn act(&self, viewer: &Viewer, application: Uuid, act: Act, key: &str) -> Result<Performed> {
        self.require_scope(viewer, "act")?;
        let actor = viewer.actor();
        let fixed = self.fix();
        let wish = Wish::new(viewer, key, "performAction", &(application, &act), (fixed.event, fixed.now))?;
        let done = self
            .store()
            .write(|tx| {
                let (wish, actor, act, fixed) = (&wish, &actor, &act, &fixed);
                Box::pin(async move {
                    match wish.claim(tx).await? {
                        Some(event) => self.repeated(tx, actor, event).await,
                        None => {
                            self.require_fresh_to_sign(tx, viewer, application, act).await?;
                            self.act_in(tx, actor, application, act, fixed).await
                        }
                    }
                })
            })
            .await;
        match done {
            Ok((application, event)) => {
                let label = self.action_label(&application, &event.action);
                Ok(Performed { application, event: EventView { event, actor_name: actor.name().to_owned(), label } })
            }
            Err(error) => Err(error),
        }
    }

    /// The same key with the same input: the first answer again.
    async fn repeated(
        &self,
        tx: &Tx<'_>,
        actor: &Actor,
        event: Uuid,
    ) -> Result<(Application, casework::history::Event)> {
        let event = tx.event(event).await?.ok_or(Error::NotFound)?;
        let found = tx.load_case(CaseKey::Id(event.application), Lock::Nothing).await?.ok_or(Error::NotFound)?;
        if !casework::may_see(actor, &found.case) {
            return Err(Error::NotFound);
        }
        Ok((self.view(tx, found).await?, event))
    }

    /// One act, and what it lets others of the call do: who waits in line first is taken on when there is room again.
    pub(crate) async fn act_in(
        &self,
        tx: &Tx<'_>,
        actor: &Actor,
        application: Uuid,
        act: &Act,
        fixed: &Fixed,
    ) -> Result<(Application, casework::history::Event)> {
        let done = self.one_act(tx, actor, application, act, fixed).await?;
        let program = &done.0.program;
        if program.definition().archetype.states.values().any(|state| state.in_line.is_some()) {
            self.take_on_waiting(tx, done.0.case.call.id, fixed).await?;
        }
        Ok(done)
    }

    /// As far as there is room, and in order: nobody overtakes.
    async fn take_on_waiting(&self, tx: &Tx<'_>, call: Uuid, fixed: &Fixed) -> Result<()> {
        for count in 1..=MOST_TAKEN_ON {
            let Some(first) = tx.first_in_line(call).await? else { return Ok(()) };
            let found = tx.load_case(CaseKey::Id(first), Lock::Case).await?.ok_or(Error::NotFound)?;
            let waiting = self.view(tx, found).await?;
            let Some(act) = casework::promotion(&waiting.program, &waiting.case) else { return Ok(()) };
            match self.one_act(tx, &Actor::Clock, first, &act, &fixed.following(count)).await {
                Ok(_) => {}
                Err(Error::Refused(_)) => return Ok(()),
                Err(error) => return Err(error),
            }
        }
        Ok(())
    }

    /// One act and nothing else.
    pub(crate) async fn one_act(
        &self,
        tx: &Tx<'_>,
        actor: &Actor,
        application: Uuid,
        act: &Act,
        fixed: &Fixed,
    ) -> Result<(Application, casework::history::Event)> {
        let found = tx.load_case(CaseKey::Id(application), Lock::Case).await?.ok_or(Error::NotFound)?;
        let before = self.view(tx, found).await?;
        let is_its_partner = matches!(actor, Actor::Partner(partner) if partner.case == application);
        if !is_its_partner && !casework::may_see(actor, &before.case) {
            return Err(Error::NotFound);
        }
        if act.expected_version != before.case.version {
            return Err(Error::Stale(Box::new(before)));
        }
        if let Some(refusal) = drafts::not_taken_in(&before, &act.action) {
            return Err(Error::Refused(vec![refusal]));
        }
        let step = self.decide_in(tx, actor, &before, act, fixed).await?;
        let recording = store::Recording {
            now: fixed.now,
            salt: fixed.salt,
            held_counts_as_used: crate::programs::held_counts(&before.program),
        };
        // Somebody was faster to the last place: decided again, the case waits in line.
        let waits = before.program.action(&act.action).is_some_and(|action| action.rule.or_wait.is_some());
        tx.record(&step, &recording).await.map_err(|error| no_room(error, actor, waits))?;
        let received_at = step.case.body.standing.received_at;
        let after = Application { case: step.case, received_at, updated_at: fixed.now, ..before };
        Ok((after, step.event))
    }

    async fn decide_in(
        &self,
        tx: &Tx<'_>,
        actor: &Actor,
        before: &Application,
        act: &Act,
        fixed: &Fixed,
    ) -> Result<Step> {
        let step = self.unnumbered(tx, actor, before, act, fixed).await?;
        let counted = if step.numbers.is_empty() {
            BTreeMap::new()
        } else {
            tx.next_numbers(&before.case.municipality, &step.numbers, step.year).await?
        };
        let year = step.year;
        Ok(step.numbered(&casework::numbers::written(&before.municipality, year, &counted)))
    }

    /// The step without the numbers that it asks for, so that looking at it uses none up.
    async fn unnumbered(
        &self,
        tx: &Tx<'_>,
        actor: &Actor,
        before: &Application,
        act: &Act,
        fixed: &Fixed,
    ) -> Result<Step> {
        let decide = |world: &World<'_>, case: &Case| casework::decide(world, case, actor, act);
        self.in_world(tx, actor, before, act, fixed, decide).await?.map_err(Error::Refused)
    }

    /// The letters that the last signature of a pending decision will issue, as they will read but for their numbers; a
    /// letter that cannot be written yet is left out.
    ///
    /// # Errors
    /// Faults only.
    pub async fn foreseen_letters(&self, viewer: &Viewer, application: &Application) -> Result<Vec<RenderedLetter>> {
        let (actor, fixed) = (viewer.actor(), self.fix());
        let sign =
            Act { action: casework::SIGN.to_owned(), expected_version: application.case.version, ..Act::default() };
        let step = self
            .store()
            .write(|tx| {
                let (actor, fixed, sign) = (&actor, &fixed, &sign);
                Box::pin(async move {
                    let foreseen = |world: &World<'_>, case: &Case| casework::foreseen(world, case);
                    self.in_world(tx, actor, application, sign, fixed, foreseen).await
                })
            })
            .await?;
        let letters = &application.program.definition().archetype.letters;
        let written = |letter: &casework::LetterIssued| {
            let rule = letters.get(&letter.name)?;
            let text = notice::LetterText { title: rule.title.clone(), body: rule.body.clone() };
            notice::letter(&text, Locale::Ja, &letter.data, &letter_head(&letter.data, None, self.today())).ok()
        };
        Ok(step.map(|step| step.letters.iter().filter_map(written).collect()).unwrap_or_default())
    }

    /// Everything that a decision about the act may look at, handed to whoever decides.
    async fn in_world<T, F>(
        &self,
        tx: &Tx<'_>,
        actor: &Actor,
        before: &Application,
        act: &Act,
        fixed: &Fixed,
        decide: F,
    ) -> Result<T>
    where
        F: FnOnce(&World<'_>, &Case) -> T + Send,
    {
        let needs = casework::needs(&before.program, &before.case, act);
        let mut case = before.case.clone();
        let mut draft = None;
        if let Some(form) = &needs.draft
            && let Some(found) = self.draft_in(tx, before, form, actor.id()).await?
        {
            // The draft is used up when the form is handed in; what has no field in it stays with the case.
            if !found.kept.values.is_empty() {
                case.body.kept.entry(form.clone()).or_default().extend(found.kept.values);
            }
            draft = Some(found.typed);
        }
        let case = &case;
        let granted = match &needs.granted {
            Some(fields) => {
                // So that two grants of one business are counted one after the other.
                tx.lock_business(case.business.id).await?;
                tx.granted(case.business.id, &case.program, case.id, fields).await?
            }
            None => Vec::new(),
        };
        let holders = if needs.holders {
            tx.holders(&case.municipality, day_in_japan(fixed.now)).await?
        } else {
            BTreeMap::new()
        };
        let mut call = if needs.call {
            let held_counts = crate::programs::held_counts(&before.program);
            tx.call_standing(case.call.id, case.id, case.body.in_line_since, held_counts).await?
        } else {
            casework::CallStanding::default()
        };
        call.placing = fixed.placing;
        let lines = if needs.lines {
            let calls = tx.calls(Some(&case.program)).await?;
            calls.iter().filter_map(|call| Some((call.fiscal_year, call.budget_line?))).collect()
        } else {
            BTreeMap::new()
        };
        let successor = if let Some(id) = needs.successor { tx.business(id).await? } else { None };
        let recusals = if needs.recusals { tx.recusals_of_case(case.id).await? } else { BTreeMap::new() };
        let ids = fixed.ids();
        let world = World {
            program: &before.program,
            municipality: &before.municipality,
            holders,
            granted,
            draft,
            call,
            lines,
            successor,
            recusals,
            now: fixed.now,
            event: fixed.event,
            ids: &ids,
            salt: fixed.salt,
        };
        Ok(decide(&world, case))
    }

    /// Everything that would stand in the way of an act if it were taken now, by the decision itself. Nothing is recorded.
    ///
    /// # Errors
    /// `NotFound` for whoever may not know of the case.
    pub async fn rehearse(&self, viewer: &Viewer, application: Uuid, act: &Act) -> Result<Vec<Refusal>> {
        let (actor, fixed) = (viewer.actor(), self.fix());
        self.store()
            .write(|tx| {
                let (actor, fixed) = (&actor, &fixed);
                Box::pin(async move {
                    let found = tx.load_case(CaseKey::Id(application), Lock::Nothing).await?.ok_or(Error::NotFound)?;
                    let before = self.view(tx, found).await?;
                    if !casework::may_see(actor, &before.case) {
                        return Err(Error::NotFound);
                    }
                    if let Some(refusal) = drafts::not_taken_in(&before, &act.action) {
                        return Ok(vec![refusal]);
                    }
                    match self.unnumbered(tx, actor, &before, act, fixed).await {
                        Ok(_) => Ok(Vec::new()),
                        Err(Error::Refused(refusals)) => Ok(refusals),
                        Err(error) => Err(error),
                    }
                })
            })
            .await
    }

    /// An act of a machine, inside a transaction that somebody else has opened.
    pub(crate) async fn machine_act(
        &self,
        tx: &Tx<'_>,
        actor: &Actor,
        application: Uuid,
        act: &Act,
        now: Instant,
        event: Uuid,
    ) -> Result<()> {
        let fixed = Fixed { now, event, seed: event, salt: self.inner.ids.secret(), placing: None };
        self.act_in(tx, actor, application, act, &fixed).await.map(|_| ())
    }

    pub(crate) async fn view(&self, reader: &store::Reader, found: store::StoredCase) -> Result<Application> {
        let mut case = found.case;
        let stored_version = case.program_hash.clone();
        let closed = self.follow(reader, &mut case, found.newest).await?;
        let (program, program_version) = self.compiled(reader, &case.program_hash).await?;
        let municipality = self.municipality_of(reader, &case.municipality, found.municipality_revision).await?;
        if case.program_hash != stored_version {
            program.initial().clone_into(&mut case.state);
        }
        Ok(Application {
            received_at: case.body.standing.received_at,
            case,
            program,
            program_version,
            stored_version,
            closed,
            municipality,
            assignee: found.assignee,
            updated_at: found.updated_at,
            created_at: found.created_at,
        })
    }

    pub(crate) fn fix(&self) -> Fixed {
        let ids = &self.inner.ids;
        Fixed { now: self.now(), event: ids.next(), seed: ids.next(), salt: ids.secret(), placing: None }
    }

    // -----------------------------------------------------------------------------------------------------------
    // Looking

    /// # Errors
    /// Faults only; whoever may not know of the case gets none.
    pub async fn application(&self, viewer: &Viewer, id: Uuid) -> Result<Option<Application>> {
        let found = self.reader().load_case(CaseKey::Id(id), Lock::Nothing).await?;
        self.visible(viewer, found).await
    }

    /// # Errors
    /// Faults only.
    pub async fn application_by_number(&self, viewer: &Viewer, number: &str) -> Result<Option<Application>> {
        let found = self.reader().load_case(CaseKey::Number(number), Lock::Nothing).await?;
        self.visible(viewer, found).await
    }

    async fn visible(&self, viewer: &Viewer, found: Option<store::StoredCase>) -> Result<Option<Application>> {
        match found {
            Some(found) if casework::may_see(&viewer.actor(), &found.case) => {
                Ok(Some(self.view(self.reader(), found).await?))
            }
            _ => Ok(None),
        }
    }

    /// Every action that the case's state offers to people, each permitted or with the reasons why not.
    ///
    /// # Errors
    /// Faults only.
    pub async fn available_actions(
        &self,
        viewer: &Viewer,
        applications: &[Application],
    ) -> Result<Vec<Vec<AvailableAction>>> {
        let today = day_in_japan(self.now());
        let mut holders = HashMap::new();
        for application in applications.iter().filter(|application| application.case.body.pending.is_some()) {
            let municipality = &application.case.municipality;
            if !holders.contains_key(municipality) {
                holders.insert(municipality.clone(), self.reader().holders(municipality, today).await?);
            }
        }
        let fixed = self.fix();
        let actor = viewer.actor();
        Ok(applications
            .iter()
            .map(|application| {
                let ids = fixed.ids();
                let holders = holders.get(&application.case.municipality).cloned().unwrap_or_default();
                let world = fixed.world(application, holders, &ids);
                available(&world, application, &actor)
            })
            .collect())
    }

    /// # Errors
    /// `NotFound` for a case that the viewer may not know of.
    pub async fn history(
        &self,
        viewer: &Viewer,
        application: Uuid,
        first: usize,
        after: Option<&str>,
    ) -> Result<Page<EventView>> {
        let application = self.application(viewer, application).await?.ok_or(Error::NotFound)?;
        let after = match after {
            None => 0,
            Some(text) => text
                .parse::<i64>()
                .map_err(|_| Error::bad_input("after", "位置の指定が正しくありません", "This is not a cursor"))?,
        };
        let staff = viewer.person.is_staff_of(&application.case.municipality);
        let limit = u32::try_from(first).unwrap_or(u32::MAX);
        let mut events = self.reader().events(application.case.id, after, limit.saturating_add(1)).await?;
        let has_next = events.len() > first;
        events.truncate(first);
        let actors: Vec<Uuid> = events.iter().map(|event| event.actor).collect();
        let accounts = self.reader().accounts(&actors).await?;
        let names: HashMap<Uuid, String> = accounts.into_iter().map(|account| (account.id, account.name)).collect();
        let items = events
            .into_iter()
            .map(|event| (names.get(&event.actor).cloned().or_else(|| partner_name(&application, event.actor)), event))
            // Internal returns and drafts stay inside the office.
            .filter(|(_, event)| staff || matches!(event.stage, Stage::Performed | Stage::Migrated))
            .map(|(name, mut event)| {
                let label = self.action_label(&application, &event.action);
                if !staff && event.role != program::definition::Role::Applicant {
                    event.comment = None;
                }
                let actor_name = if staff || event.role == program::definition::Role::Applicant {
                    name.unwrap_or_default()
                } else if let Some(partner) = partner_label(&application, &event.action) {
                    partner.ja.clone()
                } else {
                    application.municipality.name.ja.clone()
                };
                (event.sequence.to_string(), EventView { event, actor_name, label })
            })
            .collect();
        Ok(Page { items, has_next })
    }

    fn action_label(&self, application: &Application, action: &str) -> Bilingual {
        built_in_label(action)
            .or_else(|| application.program.action(action).map(|action| action.rule.label.clone()))
            .unwrap_or_else(|| Bilingual::new(action, action))
    }

    /// # Errors
    /// Faults only.
    pub async fn letters_of(&self, applications: &[Uuid]) -> Result<HashMap<Uuid, Vec<LetterView>>> {
        let mut found: HashMap<Uuid, Vec<LetterView>> = HashMap::new();
        for application in applications {
            let letters = self.reader().letters_of_case(*application).await?;
            found.insert(*application, letters.into_iter().map(letter_view).collect());
        }
        Ok(found)
    }

    /// One letter, for whoever may see its case.
    ///
    /// # Errors
    /// `NotFound` otherwise.
    pub async fn letter(&self, viewer: &Viewer, id: Uuid) -> Result<LetterView> {
        let letter = self.reader().letter(id).await?.ok_or(Error::NotFound)?;
        self.application(viewer, letter.application).await?.ok_or(Error::NotFound)?;
        Ok(letter_view(letter))
    }

    /// The mails of cases. Applicants see those that went to them.
    ///
    /// # Errors
    /// Faults only.
    pub async fn messages_of(&self, viewer: &Viewer, applications: &[Uuid]) -> Result<HashMap<Uuid, Vec<MessageView>>> {
        let mut found: HashMap<Uuid, Vec<MessageView>> = HashMap::new();
        for application in applications {
            let staff = self.is_of_its_office(viewer, *application).await?;
            let mails = self.reader().mails_of_case(*application).await?;
            let shown =
                mails.into_iter().filter(|mail| staff || mail.recipient == viewer.email).map(|mail| MessageView {
                    id: mail.id,
                    recipient: mail.recipient,
                    subject: mail.subject,
                    text: mail.text,
                    queued_at: mail.created_at,
                    sent_at: mail.sent_at,
                    dead: mail.dead,
                });
            found.insert(*application, shown.collect());
        }
        Ok(found)
    }

    /// Whether a case that the viewer may see is one of the viewer's office, not one of their own business.
    async fn is_of_its_office(&self, viewer: &Viewer, application: Uuid) -> Result<bool> {
        if viewer.person.roles.is_empty() || viewer.person.memberships.is_empty() {
            return Ok(!viewer.person.roles.is_empty());
        }
        let found = self.reader().load_case(CaseKey::Id(application), Lock::Nothing).await?;
        Ok(found.is_some_and(|found| viewer.person.is_staff_of(&found.case.municipality)))
    }

    /// The award explained, nothing stored.
    ///
    /// # Errors
    /// `NotFound` for an unknown program or case.
    pub async fn preview_amount(
        &self,
        viewer: &Viewer,
        application: Uuid,
        form: Option<&str>,
        values: &Map<String, Value>,
    ) -> Result<(Option<program::Award>, Vec<Refusal>)> {
        let (application, form) = self.for_draft(viewer, application, form).await?;
        let fixed = self.fix();
        let ids = fixed.ids();
        let world = fixed.world(&application, BTreeMap::new(), &ids);
        let mut facts = casework::case_facts(&world, &application.case);
        let check = application.program.check_form(&form, values, None, &facts);
        let refusals = check.faults.into_iter().map(Refusal::from).collect();
        facts.forms.insert(form.clone(), check.clean);
        Ok((application.program.award(&form, None, &facts).ok(), refusals))
    }

    /// The fields and documents that a form asks for, given what is filled in so far.
    ///
    /// # Errors
    /// `NotFound` for a case that the viewer may not know of.
    pub async fn asked(
        &self,
        viewer: &Viewer,
        application: Uuid,
        form: &str,
        values: &Map<String, Value>,
    ) -> Result<AskedView> {
        let found = self.application(viewer, application).await?.ok_or(Error::NotFound)?;
        let fixed = self.fix();
        let ids = fixed.ids();
        let world = fixed.world(&found, BTreeMap::new(), &ids);
        let facts = casework::case_facts(&world, &found.case);
        let (fields, documents) = found.program.asked(form, values, &facts);
        Ok(AskedView {
            planned: found.program.planned(form, values, &facts),
            fields: fields.into_iter().map(str::to_owned).collect(),
            documents: documents.into_iter().map(|document| document.name.clone()).collect(),
        })
    }

    /// Gives a case to a colleague, or to nobody. Neither of both may act for the business that applies.
    ///
    /// # Errors
    /// `NotFound` unless the viewer works for the case's office; `BadInput` when the colleague does not.
    pub async fn assign(
        &self,
        viewer: &Viewer,
        application: Uuid,
        assignee: Option<Uuid>,
        key: &str,
    ) -> Result<Application> {
        self.require_scope(viewer, "act")?;
        let found = self.application(viewer, application).await?.ok_or(Error::NotFound)?;
        if !viewer.person.handles_cases_of(&found.case.municipality) {
            return Err(Error::forbidden(
                "担当者を決めるのは、案件を扱う職員だけです",
                "Only staff that handle cases assign them",
            ));
        }
        let (now, case) = (self.now(), &found.case);
        let wish = Wish::new(viewer, key, "assignApplication", &(application, assignee), (application, now))?;
        self.once(&wish, &|tx| {
            Box::pin(async move {
                let colleague = match assignee {
                    Some(account) => Some(colleague(tx, case, account, now).await?),
                    None => None,
                };
                if [Some(&viewer.person), colleague.as_ref()]
                    .into_iter()
                    .flatten()
                    .any(|person| is_interested(person, case))
                {
                    return Err(Error::Refused(vec![casework::conflict_of_interest()]));
                }
                Ok(tx.assign(application, assignee).await?)
            })
        })
        .await?;
        self.application(viewer, application).await?.ok_or(Error::NotFound)
    }
}

impl Fixed {
    /// A world in which nothing was granted and nothing typed: enough to look, not to decide.
    pub(crate) fn world<'a>(
        &self,
        application: &'a Application,
        holders: BTreeMap<Name, Vec<Uuid>>,
        ids: &'a dyn Fn() -> Uuid,
    ) -> World<'a> {
        World {
            program: &application.program,
            municipality: &application.municipality,
            holders,
            granted: Vec::new(),
            draft: None,
            call: casework::CallStanding::default(),
            lines: BTreeMap::new(),
            successor: None,
            recusals: BTreeMap::new(),
            now: self.now,
            event: self.event,
            ids,
            salt: self.salt,
        }
    }

    /// For another act of the same transaction, with identifiers of its own.
    pub(crate) fn following(&self, count: u32) -> Self {
        let seed = Uuid::from_u128(self.seed.as_u128() ^ (u128::from(count) << 32));
        Self { event: seed, seed, placing: None, ..*self }
    }

    /// With the rank that the ranking of its call gives the case.
    pub(crate) fn placed(self, placing: casework::Placing) -> Self {
        Self { placing: Some(placing), ..self }
    }

    /// The same identifiers each time it is asked for: the seed, counted up.
    pub(crate) fn ids(&self) -> impl Fn() -> Uuid + use<> {
        let seed = self.seed.as_u128();
        let count = std::cell::Cell::new(0u32);
        move || {
            count.set(count.get() + 1);
            let low = u32::try_from(seed & u128::from(u32::MAX)).unwrap_or(0).wrapping_add(count.get());
            Uuid::from_u128((seed & !u128::from(u32::MAX)) | u128::from(low))
        }
    }
}

/// To whom the partner's link was sent.
fn partner_name(application: &Application, link: Uuid) -> Option<String> {
    application.case.body.partners.values().find(|linked| linked.link == link).map(|linked| linked.name.clone())
}

/// What people call the partner whose action it is.
fn partner_label<'a>(application: &'a Application, action: &str) -> Option<&'a Bilingual> {
    let partner = application.program.action(action)?.rule.acts_as.as_ref()?;
    application.program.definition().archetype.partners.get(partner).map(|rule| &rule.label)
}

/// Somebody who works for the case's office.
async fn colleague(tx: &Tx<'_>, case: &Case, account: Uuid, now: Instant) -> Result<Person> {
    let found = tx.person_by_account(account, now).await?.map(|found| found.person);
    found.filter(|person| person.handles_cases_of(&case.municipality)).ok_or_else(|| {
        Error::bad_input(
            "assignee",
            "担当者には、この窓口で案件を扱う職員を指定してください",
            "Whoever takes care of a case handles those of its office",
        )
    })
}

/// 利害関係
fn is_interested(person: &Person, case: &Case) -> bool {
    person.memberships.contains(&case.business.id)
}

fn letter_view(letter: store::StoredLetter) -> LetterView {
    let title = letter.data.get("title").cloned().unwrap_or_default();
    LetterView {
        id: letter.id,
        name: letter.name,
        title: serde_json::from_value(title).unwrap_or_default(),
        number: letter.number,
        issued_at: letter.issued_at,
        html: letter.html,
        sha256: letter.sha256,
    }
}

fn no_room(error: store::StoreError, actor: &Actor, waits: bool) -> Error {
    let available = match error {
        store::StoreError::Budget { .. } | store::StoreError::Full if waits => return Error::Contention,
        store::StoreError::Budget { available } => available,
        store::StoreError::Full => {
            return Error::Refused(vec![Refusal::new(
                "capacity.full",
                "定員に達しているため受け付けられません",
                "All places of this call are taken",
            )]);
        }
        other => return other.into(),
    };
    let applicant = actor.person().is_some_and(|person| person.roles.is_empty());
    Error::Refused(vec![if applicant {
        Refusal::new(
            "budget.shortfall",
            "予算の残額が足りないため受け付けられません。窓口にご相談ください",
            "There is not enough budget left to take this; please ask the office",
        )
    } else {
        Refusal::new(
            "budget.shortfall",
            format!("予算が不足しています（残額 {available} 円）。流用・補正を行うか、金額を見直してください"),
            format!("The budget is short ({available} yen left): transfer or add budget, or lower the amount"),
        )
    }])
}
