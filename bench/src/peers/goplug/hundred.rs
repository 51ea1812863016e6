//! goplug with a plugin of a hundred methods, each with a type of its own that has a schema: the host
//! of the row `bind`.

use anyhow::Result;
use goplug::{Plugin, Registry};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use tempfile::TempDir;

use super::{folder, process_id, stop};
use crate::vocabulary::{Client, Peer, PluginProgram};

/// Has a hundred methods, and [`add`].
#[goplug::plugin(namespace = "bench")]
pub(crate) struct Hundred;

/// Adds two integers.
#[goplug::method(Hundred)]
pub(crate) fn add(a: i64, b: i64) -> i64 {
    a.wrapping_add(b)
}

/// What an item is made of.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
pub(crate) enum Material {
    Wood,
    Metal,
    Paper,
}

/// A method that returns what it takes, for each name, and the type of that.
macro_rules! methods {
    ($($name:ident $item:ident),+ $(,)?) => {$(
        /// An item with what most items have.
        #[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
        pub(crate) struct $item {
            /// The number of the item.
            pub(crate) id: u32,
            /// What people call it.
            pub(crate) name: String,
            /// How much of it there is.
            #[serde(default)]
            pub(crate) amount: f64,
            /// What somebody wrote about it.
            pub(crate) note: Option<String>,
            /// Words by which it is found.
            pub(crate) tags: Vec<String>,
            /// What it is made of.
            pub(crate) material: Material,
        }

        /// Returns the item that it takes.
        #[goplug::method(Hundred)]
        pub(crate) fn $name(item: $item) -> $item {
            item
        }
    )+};
}

methods! {
    a0 A0, a1 A1, a2 A2, a3 A3, a4 A4, a5 A5, a6 A6, a7 A7, a8 A8, a9 A9,
    b0 B0, b1 B1, b2 B2, b3 B3, b4 B4, b5 B5, b6 B6, b7 B7, b8 B8, b9 B9,
    c0 C0, c1 C1, c2 C2, c3 C3, c4 C4, c5 C5, c6 C6, c7 C7, c8 C8, c9 C9,
    d0 D0, d1 D1, d2 D2, d3 D3, d4 D4, d5 D5, d6 D6, d7 D7, d8 D8, d9 D9,
    e0 E0, e1 E1, e2 E2, e3 E3, e4 E4, e5 E5, e6 E6, e7 E7, e8 E8, e9 E9,
    f0 F0, f1 F1, f2 F2, f3 F3, f4 F4, f5 F5, f6 F6, f7 F7, f8 F8, f9 F9,
    g0 G0, g1 G1, g2 G2, g3 G3, g4 G4, g5 G5, g6 G6, g7 G7, g8 G8, g9 G9,
    h0 H0, h1 H1, h2 H2, h3 H3, h4 H4, h5 H5, h6 H6, h7 H7, h8 H8, h9 H9,
    i0 I0, i1 I1, i2 I2, i3 I3, i4 I4, i5 I5, i6 I6, i7 I7, i8 I8, i9 I9,
    j0 J0, j1 J1, j2 J2, j3 J3, j4 J4, j5 J5, j6 J6, j7 J7, j8 J8, j9 J9,
}

pub(crate) struct GoplugHundred {
    registry: Registry,
    plugin: Option<Plugin>,
    _folder: TempDir,
}

impl Peer for GoplugHundred {
    type Client = HundredClient;

    async fn new(_: PluginProgram) -> Result<Self> {
        let folder = folder()?;
        let registry = Registry::builder(folder.path()).embed::<Hundred>().start().await?;
        Ok(Self { registry, plugin: None, _folder: folder })
    }

    async fn start(&mut self) -> Result<()> {
        self.plugin = Some(self.registry.load("Hundred", "bench").await?);
        Ok(())
    }

    async fn client(&self) -> Result<HundredClient> {
        Ok(self.registry.client().await?)
    }

    fn process_id(&self) -> Result<u32> {
        process_id(self.plugin.as_ref())
    }

    async fn stop(&mut self) -> Result<()> {
        stop(self.plugin.take().as_ref()).await
    }
}

impl Client for HundredClient {
    async fn add(&mut self, a: i64, b: i64) -> Result<i64> {
        Ok(Self::add(self, a, b).await?)
    }
}
