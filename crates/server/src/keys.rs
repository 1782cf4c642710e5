//! Where the key of the installation is: in the environment, in a file that is named, or in the data folder, made once.

use std::fs::OpenOptions;
use std::io::{ErrorKind, Write as _};
use std::path::{Path, PathBuf};

use service::Keyring;
use vocabulary::Ids as _;

use crate::adapters::RandomIds;
use crate::cli::{Common, SiteArgs};
use crate::outcome::{Failure, Outcome};

const FILE: &str = "installation.key";
const HEAD: &str = "# The key of this installation: it seals secrets in the database. Keep a copy of this file where the backups of\n\
                    # the database are not. The first key seals; further ones below it only open what they have sealed.\n";

/// Empty where there is none: commands that open no secret need none.
///
/// # Errors
/// When a key was named and is not there, or is none.
pub fn read(common: &Common, site: &SiteArgs) -> Outcome<Keyring> {
    if let Some(key) = &site.key {
        return Keyring::read(key).map_err(|why| Failure::misuse(format!("HOJOKIN_KEY: {why}")));
    }
    let path = path(common, site);
    let wrong = |why: String| Failure::misuse(format!("{}: {why}", path.display()));
    match std::fs::read_to_string(&path) {
        Ok(text) => {
            warn_if_open(&path);
            Keyring::read(&text).map_err(wrong)
        }
        Err(error) if error.kind() == ErrorKind::NotFound && site.key_file.is_none() => Ok(Keyring::default()),
        Err(error) => Err(wrong(error.to_string())),
    }
}

/// A new key in the data folder, where none is named and none is there.
///
/// # Errors
/// When it cannot be written.
pub fn make(common: &Common, site: &SiteArgs, ids: &RandomIds) -> Outcome {
    let path = path(common, site);
    if site.key.is_some() || site.key_file.is_some() || path.exists() {
        return Ok(());
    }
    let made = written(&path, &format!("{HEAD}{}\n", Keyring::new_line(ids)), ids);
    made.map_err(|error| Failure::fault(format!("{}: {error}", path.display())))?;
    tracing::info!(file = %path.display(), "a key of the installation was made; keep a copy of it");
    Ok(())
}

fn path(common: &Common, site: &SiteArgs) -> PathBuf {
    site.key_file.clone().unwrap_or_else(|| common.data.join(FILE))
}

/// For its owner only, whole, and never over another: of two processes that start at once, one makes it.
fn written(path: &Path, text: &str, ids: &RandomIds) -> std::io::Result<()> {
    let folder = path.parent().unwrap_or(Path::new("."));
    std::fs::create_dir_all(folder)?;
    let temporary = folder.join(format!(".{FILE}.{}.tmp", ids.next().simple()));
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let linked = options.open(&temporary).and_then(|mut file| {
        file.write_all(text.as_bytes())?;
        file.sync_all()?;
        std::fs::hard_link(&temporary, path)
    });
    std::fs::remove_file(&temporary).ok();
    match linked {
        Err(error) if error.kind() == ErrorKind::AlreadyExists => Ok(()),
        linked => linked,
    }
}

fn warn_if_open(path: &Path) {
    #[cfg(unix)]
    if let Ok(known) = std::fs::metadata(path)
        && std::os::unix::fs::MetadataExt::mode(&known) & 0o077 != 0
    {
        tracing::warn!(file = %path.display(), "others can read the key of the installation: chmod 600");
    }
}
