//! The mail sink as a process of its own.

use std::fs;
use std::io::{BufRead as _, BufReader, Write as _};
use std::net::TcpStream;
use std::path::Path;
use std::process::{Child, Command, Stdio};

/// Killed when the test ends, however it ends.
struct Sink(Child, String);

impl Sink {
    fn start(folder: &Path) -> Self {
        let mut child = Command::new(env!("CARGO_BIN_EXE_smtp-sink"))
            .args([folder.join("mails"), folder.join("fault")])
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut address = String::new();
        BufReader::new(child.stdout.take().unwrap()).read_line(&mut address).unwrap();
        Self(child, address.trim().to_owned())
    }

    /// The last answer to one message; empty when the sink has closed instead.
    fn send(&self, subject: &str) -> String {
        let mut stream = BufReader::new(TcpStream::connect(&self.1).unwrap());
        let commands =
            ["MAIL FROM:<a@example.jp>", "RCPT TO:<b@example.jp>", "DATA", &format!("Subject: {subject}\r\n.")];
        let mut answer = String::new();
        for command in [None].into_iter().chain(commands.map(Some)) {
            if let Some(command) = command {
                let _ = stream.get_mut().write_all(format!("{command}\r\n").as_bytes());
            }
            answer.clear();
            if stream.read_line(&mut answer).is_err() || answer.is_empty() {
                return String::new();
            }
            if answer.starts_with(['4', '5']) {
                return answer;
            }
        }
        answer
    }
}

impl Drop for Sink {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

#[test]
fn mails_become_files_and_the_control_file_decides_the_fault() {
    let folder = tempfile::tempdir().unwrap();
    let fault = |name: &str| fs::write(folder.path().join("fault"), name).unwrap();
    let sink = Sink::start(folder.path());
    assert!(sink.send("first").starts_with("250"));
    fault("permanent-550\n");
    assert!(sink.send("refused").starts_with("550"));
    fault("store-then-cut\n");
    assert_eq!(sink.send("second"), "");
    fault("refuse-connection\n");
    assert_eq!(sink.send("never"), "");
    drop(sink);

    fault("none\n");
    assert!(Sink::start(folder.path()).send("third").starts_with("250"));
    let read = |name: &str| fs::read_to_string(folder.path().join("mails").join(name)).unwrap();
    assert_eq!(read("0001.eml"), "Subject: first\r\n");
    assert_eq!(read("0001.json"), r#"{"from":"a@example.jp","recipients":["b@example.jp"]}"#);
    assert_eq!(read("0002.eml"), "Subject: second\r\n");
    assert_eq!(read("0003.eml"), "Subject: third\r\n");
}
