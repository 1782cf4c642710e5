//! `demo`, `serve` and `worker`: the processes that stay.

use std::sync::Arc;
use std::time::Duration;

use poem::Server;
use poem::listener::TcpListener;
use service::Worker;
use tokio::sync::watch;

use super::tell;
use crate::adapters::RandomIds;
use crate::cli::{Common, DemoArgs, ServeArgs, WorkerArgs};
use crate::demo;
use crate::http::{Site, app};
use crate::keys;
use crate::outcome::{Failure, Outcome};
use crate::startup::Installation;

/// What runs when the signal comes may take this long to end.
const FAREWELL: Duration = Duration::from_secs(15);
/// A connection that says nothing is closed.
const IDLE: Duration = Duration::from_secs(75);

pub async fn serve(common: &Common, args: &ServeArgs) -> Outcome {
    keys::make(common, &args.site, &RandomIds::default())?;
    let installation = Installation::open(common, &args.site, args.migrate).await?;
    installation.must_be_current().await?;
    installation.service.settle_keys().await?;
    stay(&installation, args).await
}

pub async fn demo(common: &Common, args: &DemoArgs) -> Outcome {
    let mut serve = args.serve.clone();
    serve.site.development = true;
    let clock = demo::clock(&common.data)?;
    keys::make(common, &serve.site, &RandomIds::default())?;
    let installation = Installation::with_clock(common, &serve.site, true, clock.clone()).await?;
    let made = demo::run(&installation, &clock).await?;
    let url = &installation.base_url;
    let answer = serde_json::json!({
        "accounts": made.accounts,
        "applications": made.applications,
        "bankFile": made.bank_file,
        "addresses": {
            "site": url,
            "graphql": format!("{url}/graphql"),
            "console": format!("{url}/dev/graphiql"),
            "signIn": format!("{url}/dev/sign-in"),
            "mail": format!("{url}/dev/mail"),
        },
    });
    tell(common, &answer, || demo::described(&made, url))?;
    if args.no_serve {
        return Ok(());
    }
    installation.service.settle_keys().await?;
    stay(&installation, &serve).await
}

pub async fn worker(common: &Common, args: &WorkerArgs) -> Outcome {
    let installation = Installation::open(common, &args.site, false).await?;
    installation.must_be_current().await?;
    if args.once {
        let done = work_off(&installation).await?;
        return tell(common, &serde_json::json!({ "done": done }), || format!("{done} jobs done"));
    }
    let worker = Worker::new(installation.service.clone(), installation.mail()?);
    tracing::info!("working");
    worker.run(told_to_stop()).await;
    Ok(())
}

/// Does what is due now; how many jobs that were.
pub async fn work_off(installation: &Installation) -> Outcome<usize> {
    let worker = Worker::new(installation.service.clone(), installation.mail()?);
    let mut done = 0;
    loop {
        match worker.tick().await? {
            0 => return Ok(done),
            count => done += count,
        }
    }
}

/// Serves until a signal comes, then lets what runs end.
async fn stay(installation: &Installation, args: &ServeArgs) -> Outcome {
    let site = Arc::new(Site::new(installation, args));
    let (stop, stopped) = watch::channel(false);
    let worker = if args.no_worker {
        None
    } else {
        let worker = Worker::new(installation.service.clone(), installation.mail()?);
        let stopped = until(stopped.clone());
        Some(tokio::spawn(async move { worker.run(stopped).await }))
    };
    let signal = async move {
        told_to_stop().await;
        tracing::info!("stopping");
        // Whoever listened has gone already when this fails.
        stop.send(true).ok();
    };
    tracing::info!(address = %args.site.listen, url = %installation.base_url, "serving");
    let served = Server::new(TcpListener::bind(args.site.listen))
        .idle_timeout(IDLE)
        .run_with_graceful_shutdown(app(site), signal, Some(FAREWELL))
        .await;
    served.map_err(|error| Failure::fault(format!("cannot listen on {}: {error}", args.site.listen)))?;
    if let Some(worker) = worker {
        match tokio::time::timeout(FAREWELL, worker).await {
            Ok(Ok(())) => {}
            Ok(Err(error)) => return Err(Failure::fault(format!("the worker failed: {error}"))),
            Err(_) => tracing::warn!("the worker was still busy; its lease will end by itself"),
        }
    }
    Ok(())
}

async fn until(mut stopped: watch::Receiver<bool>) {
    // An error says that the sender is gone, which means the same.
    stopped.wait_for(|stopped| *stopped).await.ok();
}

/// Ctrl-C, or what a service manager sends.
async fn told_to_stop() {
    let interrupted = async {
        if tokio::signal::ctrl_c().await.is_err() {
            std::future::pending::<()>().await;
        }
    };
    #[cfg(unix)]
    let terminated = async {
        match tokio::signal::unix::signal(tokio::signal::unix::SignalKind::terminate()) {
            Ok(mut signal) => {
                signal.recv().await;
            }
            Err(_) => std::future::pending().await,
        }
    };
    #[cfg(not(unix))]
    let terminated = std::future::pending::<()>();
    tokio::select! {
        () = interrupted => {}
        () = terminated => {}
    }
}
