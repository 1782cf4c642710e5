//! Loads of one request, batched: a list of cases asks once for its letters, not once per case.

use std::collections::HashMap;
use std::hash::{Hash, Hasher};
use std::sync::Arc;

use async_graphql::dataloader::Loader;
use service::{Application, AvailableAction, BusinessView, LetterView, MessageView, ProgramVersion, Service, Viewer};
use uuid::Uuid;

/// The loaders share who asks, so that a batch never shows more than a single load would.
pub(crate) struct Batches {
    service: Service,
    viewer: Option<Viewer>,
}

type Shared<T> = Result<T, Arc<service::Error>>;

impl Batches {
    pub(crate) const fn new(service: Service, viewer: Option<Viewer>) -> Self {
        Self { service, viewer }
    }

    fn viewer(&self) -> Shared<&Viewer> {
        self.viewer.as_ref().ok_or_else(|| Arc::new(service::Error::Unauthenticated))
    }
}

/// The letters of a case.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) struct LettersOf(pub Uuid);

/// The mails of a case.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) struct MessagesOf(pub Uuid);

/// A published version of a program.
#[derive(Clone, PartialEq, Eq, Hash)]
pub(crate) struct ProgramKey {
    pub name: String,
    pub version: i32,
}

/// A business with its members.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) struct BusinessId(pub Uuid);

/// What the viewer may do with a case.
#[derive(Clone)]
pub(crate) struct ActionsOf(pub Arc<Application>);

impl PartialEq for ActionsOf {
    fn eq(&self, other: &Self) -> bool {
        self.0.case.id == other.0.case.id && self.0.case.version == other.0.case.version
    }
}

impl Eq for ActionsOf {}

impl Hash for ActionsOf {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.0.case.id.hash(state);
    }
}

impl Loader<LettersOf> for Batches {
    type Value = Arc<[LetterView]>;
    type Error = Arc<service::Error>;

    async fn load(&self, keys: &[LettersOf]) -> Shared<HashMap<LettersOf, Self::Value>> {
        let ids: Vec<Uuid> = keys.iter().map(|key| key.0).collect();
        let found = self.service.letters_of(&ids).await?;
        Ok(found.into_iter().map(|(id, letters)| (LettersOf(id), letters.into())).collect())
    }
}

impl Loader<MessagesOf> for Batches {
    type Value = Arc<[MessageView]>;
    type Error = Arc<service::Error>;

    async fn load(&self, keys: &[MessagesOf]) -> Shared<HashMap<MessagesOf, Self::Value>> {
        let ids: Vec<Uuid> = keys.iter().map(|key| key.0).collect();
        let found = self.service.messages_of(self.viewer()?, &ids).await?;
        Ok(found.into_iter().map(|(id, messages)| (MessagesOf(id), messages.into())).collect())
    }
}

impl Loader<ProgramKey> for Batches {
    type Value = Arc<ProgramVersion>;
    type Error = Arc<service::Error>;

    /// A page of cases has few programs: one question each, not one a case.
    async fn load(&self, keys: &[ProgramKey]) -> Shared<HashMap<ProgramKey, Self::Value>> {
        let mut found = HashMap::with_capacity(keys.len());
        for key in keys {
            match self.service.program(&key.name, Some(key.version)).await {
                Ok(version) => {
                    found.insert(key.clone(), Arc::new(version));
                }
                Err(service::Error::NotFound) => {}
                Err(error) => return Err(error.into()),
            }
        }
        Ok(found)
    }
}

impl Loader<BusinessId> for Batches {
    type Value = Arc<BusinessView>;
    type Error = Arc<service::Error>;

    async fn load(&self, keys: &[BusinessId]) -> Shared<HashMap<BusinessId, Self::Value>> {
        let mut found = HashMap::with_capacity(keys.len());
        for key in keys {
            match self.service.business(self.viewer()?, key.0).await {
                Ok(business) => {
                    found.insert(*key, Arc::new(business));
                }
                Err(service::Error::NotFound | service::Error::Forbidden(_)) => {}
                Err(error) => return Err(error.into()),
            }
        }
        Ok(found)
    }
}

impl Loader<ActionsOf> for Batches {
    type Value = Arc<[AvailableAction]>;
    type Error = Arc<service::Error>;

    async fn load(&self, keys: &[ActionsOf]) -> Shared<HashMap<ActionsOf, Self::Value>> {
        let applications: Vec<Application> = keys.iter().map(|key| (*key.0).clone()).collect();
        let actions = self.service.available_actions(self.viewer()?, &applications).await?;
        Ok(keys.iter().cloned().zip(actions.into_iter().map(Arc::from)).collect())
    }
}
