//! The key of the installation: made once for its owner only, and asked for at every start.

use acceptance::binary::{Server, command, run};

#[cfg(unix)]
#[test]
fn a_server_makes_its_key_once_and_starts_with_no_other() {
    use std::os::unix::fs::PermissionsExt as _;
    let folder = tempfile::tempdir().unwrap();
    let (data, file) = (folder.path(), folder.path().join("installation.key"));
    let database = format!("sqlite://{}", data.join("hojokin.db").display());
    let start = || drop(Server::start(&database, data));
    start();
    let made = std::fs::read_to_string(&file).unwrap();
    assert_eq!(std::fs::metadata(&file).unwrap().permissions().mode() & 0o777, 0o600);
    start();
    assert_eq!(std::fs::read_to_string(&file).unwrap(), made, "the same from then on");
    let shown = data.display().to_string();
    let doctor = run(&["doctor", "--data", &shown, "--database", &database]);
    assert!(doctor.out.contains("ok   key of the installation"), "{doctor:?}");

    let other = "AQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQE=";
    let serve = ["serve", "--development", "--data", &shown, "--database", &database, "--listen", "127.0.0.1:0"];
    let refused = command(&serve).env("HOJOKIN_KEY", other).output().unwrap();
    let said = String::from_utf8_lossy(&refused.stderr);
    assert_eq!(refused.status.code(), Some(1), "{said}");
    assert!(said.contains("installation.key") && said.contains("HOJOKIN_KEY"), "{said}");
    assert!(!said.contains(&other[..10]) && !made.lines().any(|line| said.contains(line)), "{said}");
    for (key, named) in [("short", "HOJOKIN_KEY"), ("", "HOJOKIN_KEY")] {
        let misused = command(&serve).env("HOJOKIN_KEY", key).output().unwrap();
        let said = String::from_utf8_lossy(&misused.stderr);
        assert!(misused.status.code() == Some(2) && said.contains(named), "{said}");
    }
    let missing = run(&[&serve[..], &["--key-file", "no/such/file"]].concat());
    assert_eq!(missing.code, 2, "{missing:?}");
}
