//! The whole site of an office on a free port of 127.0.0.1, with a clock that the test decides.

use std::net::SocketAddr;
use std::sync::Arc;

use poem::Server;
use poem::listener::{Acceptor as _, Listener as _, TcpListener};
use server::adapters::RandomIds;
use server::cli::{ServeArgs, SiteArgs};
use server::http::{Site, app};
use server::startup::Installation;
use service::{Provider, Service, Settings};
use testkit::TestOffice;
use testkit::office::BASE_URL;
use tokio::task::JoinHandle;

/// Serves until it is dropped.
pub struct Served {
    pub address: SocketAddr,
    /// Where a browser on this machine finds it.
    pub origin: String,
    task: JoinHandle<()>,
}

impl Drop for Served {
    fn drop(&mut self) {
        self.task.abort();
    }
}

impl Served {
    /// As people reach it: behind TLS, which ends before it.
    ///
    /// # Panics
    /// When there is no free port.
    pub async fn start(office: &TestOffice) -> Self {
        Self::at("127.0.0.1", office, |_| (office.service.clone(), BASE_URL.to_owned())).await
    }

    /// A server that has just been started, with nothing but what the database and the files keep.
    ///
    /// # Panics
    /// When there is no free port.
    pub async fn anew(office: &TestOffice) -> Self {
        let another = office.another(office.count()).await;
        Self::at("127.0.0.1", office, |_| (another, BASE_URL.to_owned())).await
    }

    /// As a browser on this machine reaches it, without TLS.
    ///
    /// # Panics
    /// When there is no free port.
    pub async fn on_this_machine(office: &TestOffice) -> Self {
        Self::at("127.0.0.1", office, |origin| (office.service.clone(), origin)).await
    }

    /// As a browser on this machine reaches it by a name, which passkeys need; with or without a second factor for staff,
    /// and with these providers of identities.
    ///
    /// # Panics
    /// When there is no free port.
    pub async fn by_name(office: &TestOffice, staff_second_factor: bool, providers: Vec<Provider>) -> Self {
        Self::at("localhost", office, |base_url| {
            let settings = office.service.settings().clone();
            let settings = Settings { base_url: base_url.clone(), staff_second_factor, ..settings };
            (office.set_up(settings, providers), base_url)
        })
        .await
    }

    async fn at(host: &str, office: &TestOffice, set_up: impl FnOnce(String) -> (Service, String)) -> Self {
        let acceptor = TcpListener::bind("127.0.0.1:0").into_acceptor().await.unwrap();
        let address = *acceptor.local_addr()[0].as_socket_addr().unwrap();
        let origin = format!("http://{host}:{}", address.port());
        let (service, base_url) = set_up(origin.clone());
        let site = SiteArgs {
            listen: address,
            smtp_url: None,
            development: false,
            max_connections: 4,
            fresh_minutes: 10,
            staff_second_factor: false,
            key_file: None,
            key: None,
            providers: None,
        };
        let installation = Installation {
            service,
            store: office.store.clone(),
            ids: Arc::new(RandomIds::default()),
            clock: Arc::new(office.clock.clone()),
            data: std::env::temp_dir(),
            base_url,
            smtp_url: None,
            development: false,
        };
        let args = ServeArgs { site, no_worker: true, migrate: false, trusted_proxy: Vec::new(), metrics_token: None };
        // This is a test and no `hojokin`.
        let site = Site { previewer: crate::binary::built(), ..Site::new(&installation, &args) };
        let app = app(Arc::new(site));
        let task = tokio::spawn(async move {
            Server::new_with_acceptor(acceptor).run(app).await.unwrap();
        });
        Self { address, origin, task }
    }
}
