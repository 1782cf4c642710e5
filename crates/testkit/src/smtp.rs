//! A mail server that keeps what it receives and fails on demand.
//!
//! It speaks real SMTP over a real socket, so that the sender under test is the one of production. The fault is asked
//! for at every command: a sender that keeps its connection open meets a new fault too.

use std::net::SocketAddr;
use std::str::FromStr;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::io::{self, AsyncBufReadExt as _, AsyncWriteExt as _, BufReader};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio::task::{JoinHandle, JoinSet};
use tokio::time::timeout;

/// One message as it was received: its envelope, and its bytes without the dots of the transport.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mail {
    pub from: String,
    pub recipients: Vec<String>,
    pub bytes: Vec<u8>,
}

/// How the server misbehaves.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Fault {
    #[default]
    None,
    /// Closes the connection at once, without a greeting.
    RefuseConnection,
    /// Answers 450 to recipients and messages: worth another try.
    Temporary450,
    /// Answers 550 to recipients and messages: never worth another try.
    Permanent550,
    /// Reads the message, stores nothing, closes without an answer.
    CutAfterData,
    /// Stores the message and closes without an answer: the sender cannot know.
    StoreThenCut,
}

impl Fault {
    const NAMES: [(&'static str, Self); 6] = [
        ("none", Self::None),
        ("refuse-connection", Self::RefuseConnection),
        ("temporary-450", Self::Temporary450),
        ("permanent-550", Self::Permanent550),
        ("cut-after-data", Self::CutAfterData),
        ("store-then-cut", Self::StoreThenCut),
    ];

    fn refusal(self) -> Option<&'static str> {
        match self {
            Self::Temporary450 => Some("450 4.2.0 try again later"),
            Self::Permanent550 => Some("550 5.1.1 no such mailbox"),
            _ => None,
        }
    }
}

impl FromStr for Fault {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let name = text.trim();
        let known = Self::NAMES.iter().find(|(known, _)| *known == name || name.is_empty());
        known.map(|(_, fault)| *fault).ok_or_else(|| {
            let names = Self::NAMES.map(|(name, _)| name).join(", ");
            format!("`{name}` is not a fault; the faults are {names}")
        })
    }
}

/// Ends when it is dropped.
#[derive(Debug)]
pub struct SmtpSink {
    address: SocketAddr,
    fault: Arc<Mutex<Fault>>,
    mails: watch::Sender<Vec<Mail>>,
    task: JoinHandle<()>,
}

impl SmtpSink {
    /// # Panics
    /// When no port of 127.0.0.1 can be had.
    pub async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let address = listener.local_addr().expect("an address");
        let fault = Arc::new(Mutex::new(Fault::None));
        let mails = watch::Sender::new(Vec::new());
        let (asked, kept) = (Arc::clone(&fault), mails.clone());
        let task = tokio::spawn(serve(
            listener,
            move || *asked.lock().unwrap_or_else(PoisonError::into_inner),
            move |mail| kept.send_modify(|mails| mails.push(mail)),
        ));
        Self { address, fault, mails, task }
    }

    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    pub fn set_fault(&self, fault: Fault) {
        *self.fault.lock().unwrap_or_else(PoisonError::into_inner) = fault;
    }

    /// All that was stored so far, in order.
    #[must_use]
    pub fn mails(&self) -> Vec<Mail> {
        self.mails.borrow().clone()
    }

    /// Waits until at least `count` mails are stored and returns all of them.
    ///
    /// # Panics
    /// When they have not come within ten seconds.
    pub async fn wait_for(&self, count: usize) -> Vec<Mail> {
        const PATIENCE: Duration = Duration::from_secs(10);
        let mut mails = self.mails.subscribe();
        match timeout(PATIENCE, mails.wait_for(|mails| mails.len() >= count)).await {
            Ok(Ok(mails)) => mails.clone(),
            _ => panic!("{} of {count} mails within {PATIENCE:?}", self.mails().len()),
        }
    }
}

impl Drop for SmtpSink {
    fn drop(&mut self) {
        self.task.abort();
    }
}

/// Accepts connections for ever; `keep` is done before a message is acknowledged.
pub async fn serve<F, K>(listener: TcpListener, fault: F, keep: K)
where
    F: Fn() -> Fault + Clone + Send + Sync + 'static,
    K: Fn(Mail) + Clone + Send + Sync + 'static,
{
    // Dropping the set ends the conversations with the server.
    let mut conversations = JoinSet::new();
    while let Ok((stream, _)) = listener.accept().await {
        while conversations.try_join_next().is_some() {}
        let (fault, keep) = (fault.clone(), keep.clone());
        conversations.spawn(async move {
            // A sender that goes away in the middle is its own affair.
            let _ = converse(stream, fault, keep).await;
        });
    }
}

/// The envelope under construction.
#[derive(Default)]
struct Envelope {
    from: Option<String>,
    recipients: Vec<String>,
}

async fn converse(stream: TcpStream, fault: impl Fn() -> Fault, keep: impl Fn(Mail)) -> io::Result<()> {
    if fault() == Fault::RefuseConnection {
        return Ok(());
    }
    let mut stream = BufReader::new(stream);
    say(&mut stream, "220 sink ESMTP").await?;
    let mut envelope = Envelope::default();
    while let Some(line) = next_line(&mut stream).await? {
        if fault() == Fault::RefuseConnection {
            return Ok(());
        }
        let line = String::from_utf8_lossy(&line).trim_end().to_owned();
        let verb = line.split([' ', ':']).next().unwrap_or_default().to_ascii_uppercase();
        let answer = match verb.as_str() {
            "EHLO" | "HELO" => {
                envelope = Envelope::default();
                if verb == "EHLO" { "250-sink\r\n250-8BITMIME\r\n250-PIPELINING\r\n250 SMTPUTF8" } else { "250 sink" }
            }
            "MAIL" => {
                envelope = Envelope { from: Some(address_in(&line)), recipients: Vec::new() };
                "250 2.1.0 sender accepted"
            }
            "RCPT" if envelope.from.is_none() => "503 5.5.1 MAIL first",
            "RCPT" => match fault().refusal() {
                Some(refusal) => refusal,
                None => {
                    envelope.recipients.push(address_in(&line));
                    "250 2.1.5 recipient accepted"
                }
            },
            "DATA" if envelope.recipients.is_empty() => "503 5.5.1 RCPT first",
            "DATA" => {
                say(&mut stream, "354 end with a single dot").await?;
                let Some(bytes) = message(&mut stream).await? else { return Ok(()) };
                let Envelope { from, recipients } = std::mem::take(&mut envelope);
                let mail = Mail { from: from.unwrap_or_default(), recipients, bytes };
                match fault() {
                    Fault::CutAfterData | Fault::RefuseConnection => return Ok(()),
                    Fault::StoreThenCut => {
                        keep(mail);
                        return Ok(());
                    }
                    fault => match fault.refusal() {
                        Some(refusal) => refusal,
                        None => {
                            keep(mail);
                            "250 2.0.0 stored"
                        }
                    },
                }
            }
            "RSET" => {
                envelope = Envelope::default();
                "250 2.0.0 forgotten"
            }
            "NOOP" => "250 2.0.0 nothing done",
            "QUIT" => return say(&mut stream, "221 2.0.0 goodbye").await,
            _ => "500 5.5.2 unknown command",
        };
        say(&mut stream, answer).await?;
    }
    Ok(())
}

/// What stands between the angle brackets of `MAIL FROM:<…>`; empty for a bounce.
fn address_in(line: &str) -> String {
    let inside = line.split_once('<').and_then(|(_, rest)| rest.split_once('>'));
    inside.map(|(address, _)| address.to_owned()).unwrap_or_default()
}

/// With its line end; `None` when the sender has closed.
async fn next_line(stream: &mut BufReader<TcpStream>) -> io::Result<Option<Vec<u8>>> {
    let mut line = Vec::new();
    stream.read_until(b'\n', &mut line).await?;
    Ok((!line.is_empty()).then_some(line))
}

/// Up to the single dot, which must stand between full line ends; `None` when the sender closes before it.
async fn message(stream: &mut BufReader<TcpStream>) -> io::Result<Option<Vec<u8>>> {
    let mut bytes: Vec<u8> = Vec::new();
    while let Some(line) = next_line(stream).await? {
        let at_line_start = bytes.is_empty() || bytes.ends_with(b"\r\n");
        match line.strip_prefix(b".") {
            Some(b"\r\n") if at_line_start => return Ok(Some(bytes)),
            Some(unstuffed) if at_line_start => bytes.extend_from_slice(unstuffed),
            _ => bytes.extend_from_slice(&line),
        }
    }
    Ok(None)
}

async fn say(stream: &mut BufReader<TcpStream>, answer: &str) -> io::Result<()> {
    stream.write_all(format!("{answer}\r\n").as_bytes()).await?;
    stream.flush().await
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A sender made of a bare socket.
    struct Sender(BufReader<TcpStream>);

    impl Sender {
        async fn to(sink: &SmtpSink) -> Self {
            Self(BufReader::new(TcpStream::connect(sink.address()).await.unwrap()))
        }

        /// The code of the next answer; `None` when the server has closed.
        async fn hear(&mut self) -> Option<u16> {
            loop {
                let line = next_line(&mut self.0).await.ok().flatten()?;
                if line[3] != b'-' {
                    return std::str::from_utf8(&line[..3]).unwrap().parse().ok();
                }
            }
        }

        async fn ask(&mut self, command: &str) -> Option<u16> {
            // Writing to a server that has gone may fail; the missing answer tells.
            let _ = self.0.write_all(format!("{command}\r\n").as_bytes()).await;
            self.hear().await
        }

        async fn send(&mut self, to: &str, data: &str) -> Option<u16> {
            if self.ask("MAIL FROM:<office@example.jp>").await? != 250 {
                return None;
            }
            match self.ask(&format!("RCPT TO:<{to}>")).await? {
                250 => {}
                refusal => return Some(refusal),
            }
            assert_eq!(self.ask("DATA").await, Some(354));
            self.ask(&format!("{data}\r\n.")).await
        }
    }

    #[tokio::test]
    async fn a_message_is_stored_with_its_envelope_and_without_stuffed_dots() {
        let sink = SmtpSink::start().await;
        let mut sender = Sender::to(&sink).await;
        assert_eq!(sender.hear().await, Some(220));
        assert_eq!(sender.ask("EHLO test").await, Some(250));
        assert_eq!(sender.send("a@example.jp", "Subject: 補助金\r\n\r\n..dot\r\n...\r\nend\n.\nmore").await, Some(250));
        assert_eq!(sender.ask("MAIL FROM:<office@example.jp> BODY=8BITMIME").await, Some(250));
        assert_eq!(sender.ask("RCPT TO:<b@example.jp>").await, Some(250));
        assert_eq!(sender.ask("rcpt to:<c@example.jp>").await, Some(250));
        assert_eq!(sender.ask("DATA").await, Some(354));
        assert_eq!(sender.ask(".").await, Some(250));
        assert_eq!(sender.ask("QUIT").await, Some(221));
        assert_eq!(sender.hear().await, None);

        let mails = sink.wait_for(2).await;
        assert_eq!(mails[0].from, "office@example.jp");
        assert_eq!(mails[0].recipients, ["a@example.jp"]);
        assert_eq!(String::from_utf8_lossy(&mails[0].bytes), "Subject: 補助金\r\n\r\n.dot\r\n..\r\nend\n.\nmore\r\n");
        assert_eq!(mails[1].recipients, ["b@example.jp", "c@example.jp"]);
        assert!(mails[1].bytes.is_empty());
    }

    #[tokio::test]
    async fn commands_out_of_order_are_refused_and_reset_forgets() {
        let sink = SmtpSink::start().await;
        let mut sender = Sender::to(&sink).await;
        assert_eq!(sender.hear().await, Some(220));
        for (command, answer) in [
            ("HELO test", 250),
            ("RCPT TO:<a@example.jp>", 503),
            ("DATA", 503),
            ("MAIL FROM:<>", 250),
            ("RCPT TO:<a@example.jp>", 250),
            ("RSET", 250),
            ("DATA", 503),
            ("NOOP", 250),
            ("VRFY a", 500),
        ] {
            assert_eq!(sender.ask(command).await, Some(answer), "{command}");
        }
    }

    #[tokio::test]
    async fn each_fault_answers_and_stores_as_it_says() {
        for (fault, answer, stored) in [
            (Fault::None, Some(250), 1),
            (Fault::RefuseConnection, None, 0),
            (Fault::Temporary450, Some(450), 0),
            (Fault::Permanent550, Some(550), 0),
            (Fault::CutAfterData, None, 0),
            (Fault::StoreThenCut, None, 1),
        ] {
            let sink = SmtpSink::start().await;
            let mut sender = Sender::to(&sink).await;
            assert_eq!(sender.hear().await, Some(220));
            sink.set_fault(fault);
            assert_eq!(sender.send("a@example.jp", "Subject: x").await, answer, "{fault:?}");
            assert_eq!(sink.mails().len(), stored, "{fault:?}");
        }
    }

    #[tokio::test]
    async fn a_refused_connection_gets_no_greeting_until_the_fault_is_gone() {
        let sink = SmtpSink::start().await;
        sink.set_fault(Fault::RefuseConnection);
        assert_eq!(Sender::to(&sink).await.hear().await, None);
        sink.set_fault(Fault::None);
        assert_eq!(Sender::to(&sink).await.hear().await, Some(220));
    }

    #[tokio::test]
    async fn a_sender_that_leaves_in_the_middle_of_a_message_leaves_nothing() {
        let sink = SmtpSink::start().await;
        let mut sender = Sender::to(&sink).await;
        assert_eq!(sender.hear().await, Some(220));
        assert_eq!(sender.ask("MAIL FROM:<office@example.jp>").await, Some(250));
        assert_eq!(sender.ask("RCPT TO:<a@example.jp>").await, Some(250));
        assert_eq!(sender.ask("DATA").await, Some(354));
        sender.0.write_all(b"half a mess").await.unwrap();
        sender.0.shutdown().await.unwrap();
        assert_eq!(sender.hear().await, None);
        assert!(sink.mails().is_empty());
    }

    #[test]
    fn every_fault_has_a_name() {
        for (name, fault) in Fault::NAMES {
            assert_eq!(format!("{name}\n").parse(), Ok(fault));
        }
        assert_eq!("".parse(), Ok(Fault::None));
        assert!("sulk".parse::<Fault>().unwrap_err().contains("store-then-cut"));
    }
}
