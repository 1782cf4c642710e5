//! The mail sink as a process of its own: `smtp-sink MAILS FAULT [ADDRESS]`.
//!
//! Prints its address on the first line. Every mail becomes `MAILS/0001.eml` with its envelope in `0001.json`; the file
//! FAULT holds the name of the fault and is read again at every command (missing or empty: none).

use std::io::{ErrorKind, Write as _};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::{env, fs, io, process};

use testkit::smtp::{Fault, Mail, serve};
use tokio::net::TcpListener;

#[tokio::main]
async fn main() -> io::Result<()> {
    let arguments: Vec<String> = env::args().skip(1).collect();
    let (folder, control, address) = match arguments.as_slice() {
        [folder, control] => (folder, control, "127.0.0.1:0"),
        [folder, control, address] => (folder, control, address.as_str()),
        _ => {
            eprintln!("usage: smtp-sink MAILS FAULT [ADDRESS]");
            process::exit(2);
        }
    };
    let (folder, control) = (PathBuf::from(folder), PathBuf::from(control));
    fs::create_dir_all(&folder)?;
    let stored = Arc::new(AtomicUsize::new(mails_in(&folder)?));

    let listener = TcpListener::bind(address).await?;
    println!("{}", listener.local_addr()?);
    io::stdout().flush()?;
    serve(
        listener,
        move || fault_in(&control).unwrap_or_else(|error| give_up(&error)),
        move |mail| {
            let number = stored.fetch_add(1, Ordering::Relaxed) + 1;
            store(&folder, number, &mail).unwrap_or_else(|error| give_up(&error.to_string()));
        },
    )
    .await;
    Ok(())
}

/// A sink that cannot do what the test asks for must not look like one that can.
fn give_up(error: &str) -> ! {
    eprintln!("smtp-sink: {error}");
    process::exit(1);
}

fn fault_in(control: &Path) -> Result<Fault, String> {
    match fs::read_to_string(control) {
        Ok(text) => text.parse(),
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(Fault::None),
        Err(error) => Err(format!("{}: {error}", control.display())),
    }
}

/// A sink that is started again continues the numbers.
fn mails_in(folder: &Path) -> io::Result<usize> {
    let files = fs::read_dir(folder)?.collect::<io::Result<Vec<_>>>()?;
    Ok(files.iter().filter(|file| file.path().extension().is_some_and(|extension| extension == "eml")).count())
}

/// The `.eml` appears last and whole, so whoever sees it may read everything.
fn store(folder: &Path, number: usize, mail: &Mail) -> io::Result<()> {
    let envelope = serde_json::json!({ "from": mail.from, "recipients": mail.recipients });
    fs::write(folder.join(format!("{number:04}.json")), envelope.to_string())?;
    let unfinished = folder.join(format!("{number:04}.part"));
    fs::write(&unfinished, &mail.bytes)?;
    fs::rename(unfinished, folder.join(format!("{number:04}.eml")))
}
