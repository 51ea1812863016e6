//! A plugin that this process serves, and a registry that is attached to it.

use goplug::{PluginServer, PluginType, Registry};

use crate::test_env::TestEnv;

pub(crate) struct Served {
    server: PluginServer,
    pub(crate) registry: Registry,
}

impl Served {
    pub(crate) async fn start<P: PluginType>(env: &TestEnv) -> Self {
        let server = PluginServer::of::<P>().unwrap().location(env.folder()).build().unwrap();
        server.start().await.unwrap();
        let registry = env.registry().start().await.unwrap();
        Self { server, registry }
    }

    pub(crate) async fn stop(self) {
        self.registry.stop().await.unwrap();
        self.server.stop().await.unwrap();
    }
}
