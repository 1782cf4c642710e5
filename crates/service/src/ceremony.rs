//! The ceremonies of passkeys (WebAuthn), carried out by the library: what is asked of a browser, and whether what it
//! answers is right. Nothing here is stored or sent.

use store::Passkey;
use url::{Host, Url};
use uuid::Uuid;
use webauthn_rp::bin::{Decode, Encode};
use webauthn_rp::request::auth::AuthenticationVerificationOptions;
use webauthn_rp::request::register::{
    CredProtect, Nickname, PublicKeyCredentialUserEntity, RegistrationVerificationOptions, UserHandle16, Username,
};
use webauthn_rp::request::{AsciiDomain, PublicKeyCredentialDescriptor, RpId};
use webauthn_rp::response::register::{CompressedPubKey, DynamicState, StaticState};
use webauthn_rp::response::{AuthTransports, CredentialId};
use webauthn_rp::{
    AuthenticatedCredential, DiscoverableAuthentication, DiscoverableAuthenticationServerState,
    DiscoverableCredentialRequestOptions, PublicKeyCredentialCreationOptions, Registration, RegistrationServerState,
};

/// Bytes of the handle by which authenticators know an account: its id.
const HANDLE: usize = 16;

type Key = CompressedPubKey<[u8; 32], [u8; 32], [u8; 48], Vec<u8>>;

/// Whom passkeys are made for: the installation, by the name of its host.
pub(crate) struct RelyingParty {
    id: RpId,
    origin: String,
}

/// What is kept until the browser answers, and what it is asked.
pub(crate) struct Begun {
    pub state: Vec<u8>,
    /// JSON, as browsers read it.
    pub options: String,
}

/// What is kept of a passkey.
pub(crate) struct Made {
    pub credential: Vec<u8>,
    pub public_key: Vec<u8>,
    /// Among others the counter of its uses.
    pub state: Vec<u8>,
}

/// Whom an answer claims to come from; nothing of it is proven yet.
pub(crate) struct Claimed {
    answer: DiscoverableAuthentication<HANDLE>,
}

impl Claimed {
    /// # Errors
    /// Why it is no answer, for the log.
    pub fn read(answer: &str) -> Result<Self, String> {
        let answer = DiscoverableAuthentication::from_json_relaxed(answer.as_bytes());
        Ok(Self { answer: answer.map_err(|error| error.to_string())? })
    }

    pub fn credential(&self) -> &[u8] {
        self.answer.raw_id().into_inner()
    }
}

impl RelyingParty {
    /// None where the base URL has an address instead of a name: browsers make no passkeys there.
    pub fn of(base_url: &str) -> Option<Self> {
        let url = Url::parse(base_url).ok()?;
        let Some(Host::Domain(host)) = url.host() else { return None };
        let id = RpId::Domain(AsciiDomain::try_from(host.to_owned()).ok()?);
        Some(Self { id, origin: url.origin().ascii_serialization() })
    }

    /// Asks for a passkey that its authenticator finds by itself and opens only to its owner.
    ///
    /// # Errors
    /// What the library does not do, for the log.
    pub fn ask_to_make(&self, account: Uuid, (email, name): (&str, &str), had: Vec<Vec<u8>>) -> Result<Begun, String> {
        let handle = UserHandle16::decode(account.into_bytes()).map_err(|error| error.to_string())?;
        // Longer ones than authenticators keep are told apart by the id.
        let named = Username::try_from(email.to_owned()).or_else(|_| Username::try_from(account.to_string()));
        let named = named.map_err(|error| error.to_string())?;
        let user =
            PublicKeyCredentialUserEntity { name: named, id: &handle, display_name: Nickname::try_from(name).ok() };
        let had = had.into_iter().filter_map(|id| {
            // However its authenticator is reached.
            let transports = AuthTransports::decode(0).ok()?;
            Some(PublicKeyCredentialDescriptor { id: CredentialId::decode(id).ok()?, transports })
        });
        let mut asked = PublicKeyCredentialCreationOptions::passkey(&self.id, user, had.collect());
        // Many authenticators do not know it and would be refused; each use asks for its owner anyway.
        asked.extensions.cred_protect = CredProtect::None;
        let (state, asked) = asked.start_ceremony().map_err(|error| error.to_string())?;
        let state = state.encode().map_err(|error| error.to_string())?;
        Ok(Begun { state: state.to_vec(), options: serde_json::to_string(&asked).map_err(|error| error.to_string())? })
    }

    /// # Errors
    /// Why the answer is not right, for the log.
    pub fn made(&self, state: &[u8], answer: &str) -> Result<Made, String> {
        let state = RegistrationServerState::<HANDLE>::decode(state).map_err(|error| error.to_string())?;
        let answer = Registration::from_json_relaxed(answer.as_bytes()).map_err(|error| error.to_string())?;
        let options = RegistrationVerificationOptions::<&str, &str> {
            allowed_origins: &[&self.origin],
            error_on_unsolicited_extensions: false,
            ..RegistrationVerificationOptions::default()
        };
        let made = state.verify(&self.id, &answer, &options).map_err(|error| error.to_string())?;
        Ok(Made {
            credential: made.id().into_inner().to_vec(),
            public_key: made.static_state().encode().map_err(|error| error.to_string())?,
            state: encoded(made.dynamic_state()),
        })
    }

    /// Asks for whatever passkey of this installation there is, and its owner.
    ///
    /// # Errors
    /// What the library does not do, for the log.
    pub fn ask_who(&self) -> Result<Begun, String> {
        let asked = DiscoverableCredentialRequestOptions::passkey(&self.id);
        let (state, asked) = asked.start_ceremony().map_err(|error| error.to_string())?;
        let state = state.encode().map_err(|error| error.to_string())?;
        Ok(Begun { state: state.to_vec(), options: serde_json::to_string(&asked).map_err(|error| error.to_string())? })
    }

    /// Whether the answer comes from that passkey. Returns the state that takes the place of the kept one.
    ///
    /// # Errors
    /// Why it does not, for the log; also when the counter of its uses has not grown, as that of a copy.
    pub fn shown(&self, state: &[u8], claimed: &Claimed, kept: &Passkey) -> Result<Vec<u8>, String> {
        let state = DiscoverableAuthenticationServerState::decode(state).map_err(|error| error.to_string())?;
        let handle = UserHandle16::decode(kept.account.into_bytes()).map_err(|error| error.to_string())?;
        let key = StaticState::<Key>::decode(&kept.public_key).map_err(|error| error.to_string())?;
        let before = <[u8; 7]>::try_from(kept.state.as_slice()).map_err(|error| error.to_string())?;
        let before = DynamicState::decode(before).map_err(|error| error.to_string())?;
        let id = CredentialId::<&[u8]>::decode(&kept.credential).map_err(|error| error.to_string())?;
        let mut passkey = AuthenticatedCredential::new(id, &handle, key, before).map_err(|error| error.to_string())?;
        let options = AuthenticationVerificationOptions::<&str, &str> {
            allowed_origins: &[&self.origin],
            error_on_unsolicited_extensions: false,
            ..AuthenticationVerificationOptions::default()
        };
        state.verify(&self.id, &claimed.answer, &mut passkey, &options).map_err(|error| error.to_string())?;
        Ok(encoded(passkey.dynamic_state()))
    }
}

fn encoded(state: DynamicState) -> Vec<u8> {
    let Ok(bytes) = state.encode();
    bytes.to_vec()
}
