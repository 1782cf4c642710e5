//! The second factor (二段階認証): the secret as a picture and as text, its confirmation, recovery codes, and its end.

use askama::Template;
use poem::http::StatusCode;
use qrcode::{Color, EcLevel, QrCode};
use service::{Enrolment, Error, SecondFactorView};

use super::security::Once;
use crate::answer::Answer;
use crate::forms::{Said, Told};
use crate::visit::{Frame, Page, Visit};

pub(crate) const HERE: &str = "/account/security/second-factor";
const BACK: &str = "/account/security";
/// Modules of white that scanners need around a code (ISO/IEC 18004).
const QUIET: usize = 4;
/// Characters of the secret that are read at once.
const GROUP: usize = 4;

#[derive(Template)]
#[template(path = "account/second_factor.html")]
struct SecondFactor {
    frame: Frame,
    errors: Vec<Said>,
    code_error: Vec<String>,
    password_error: Vec<String>,
    /// Nothing else can be done before.
    asked_for: bool,
    /// A passkey of theirs would do as well.
    by_passkey: bool,
    /// Hidden fields of its form.
    waiting: Vec<(String, String)>,
    /// In force since, and the recovery codes that are left.
    state: Option<String>,
    picture: Option<Picture>,
    /// In groups, to be typed.
    secret: String,
    key: String,
}

/// A QR code as one path of squares.
struct Picture {
    size: usize,
    path: String,
}

fn picture(text: &str) -> Option<Picture> {
    use std::fmt::Write as _;
    let code = QrCode::with_error_correction_level(text, EcLevel::M).ok()?;
    let (width, colors) = (code.width(), code.to_colors());
    let mut path = String::new();
    for (y, row) in colors.chunks(width).enumerate() {
        let mut x = 0;
        for run in row.chunk_by(|one, other| one == other) {
            if run.first() == Some(&Color::Dark) {
                let _ = write!(path, "M{} {}h{}v1h-{}z", x + QUIET, y + QUIET, run.len(), run.len());
            }
            x += run.len();
        }
    }
    Some(Picture { size: width + 2 * QUIET, path })
}

fn in_groups(secret: &str) -> String {
    let letters: Vec<char> = secret.chars().collect();
    let groups: Vec<String> = letters.chunks(GROUP).map(|group| group.iter().collect()).collect();
    groups.join(" ")
}

pub(crate) async fn page(visit: &Visit<'_>) -> Page {
    shown(visit, StatusCode::OK, &Told::default()).await
}

async fn shown(visit: &Visit<'_>, status: StatusCode, told: &Told) -> Page {
    let t = visit.t;
    let SecondFactorView { since, recovery_codes_left, enrolment } =
        visit.service.second_factor(visit.viewer()?).await?;
    let lacks = visit.viewer()?.lacks_second_factor && visit.service.takes_passkeys();
    let by_passkey = lacks && !visit.service.passkeys(visit.viewer()?).await?.is_empty();
    let Enrolment { secret, address } =
        enrolment.unwrap_or_else(|| Enrolment { secret: String::new(), address: String::new() });
    let place = |path: &str| match path {
        "code" => Some(("#code".to_owned(), t.code().to_owned())),
        "password" => Some(("#password".to_owned(), t.present_password().to_owned())),
        _ => None,
    };
    let errors = told.summary(place, visit.locale);
    let page = SecondFactor {
        frame: Frame { has_errors: !errors.is_empty(), ..visit.frame(t.second_factor()) },
        errors,
        asked_for: visit.viewer()?.lacks_second_factor,
        by_passkey,
        waiting: Vec::new(),
        code_error: told.at("code", visit.locale),
        password_error: told.at("password", visit.locale),
        state: since.map(|since| t.second_factor_since(&visit.time(since), recovery_codes_left)),
        picture: Some(address).filter(|address| !address.is_empty()).and_then(|address| picture(&address)),
        secret: in_groups(&secret),
        key: visit.key(),
    };
    Ok(visit.page_with(status, &page))
}

pub(crate) async fn act(visit: &Visit<'_>) -> Page {
    let (viewer, asked, t, service) = (visit.viewer()?, visit.asked, visit.t, visit.service);
    let (code, key) = (asked.field("code"), asked.field("key"));
    let once = |codes: Vec<String>| {
        let frame = visit.frame(t.recovery_codes());
        visit.page(&Once { frame, lead: t.recovery_codes_lead(), secrets: codes, back: BACK })
    };
    let done = match asked.field("step") {
        "begin" => service.begin_second_factor(viewer, key).await.map(|_| Answer::see(HERE)),
        "confirm" => service.confirm_second_factor(viewer, code, key).await.map(once),
        "renew" => service.renew_recovery_codes(viewer, key).await.map(once),
        _ => {
            let ended = service.end_second_factor(viewer, asked.field("password"), code, key).await;
            ended.map(|()| visit.done(BACK, "second-factor-ended"))
        }
    };
    let wrong = StatusCode::UNPROCESSABLE_ENTITY;
    match done {
        Err(Error::BadInput { path, message }) => shown(visit, wrong, &Told::one(path, message)).await,
        Err(Error::Refused(reasons)) => shown(visit, wrong, &Told::of(reasons)).await,
        done => Ok(done?),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_picture_has_its_corners_and_a_quiet_border() {
        let drawn = picture("otpauth://totp/x:a@example.jp?secret=ABCD&issuer=x").unwrap();
        assert!(drawn.path.starts_with("M4 4h7v1h-7z"), "{}", drawn.path);
        assert!(drawn.size > 2 * QUIET + 20);
        assert_eq!(in_groups("ABCDEFGHIJ"), "ABCD EFGH IJ");
    }
}
