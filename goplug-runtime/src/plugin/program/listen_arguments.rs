//! The arguments of `serve --listen`.

use std::ffi::OsString;
use std::path::PathBuf;
use std::time::Duration;

use crate::limits;
use crate::plugin::remote::{Consent, Instance, RemoteOptions, SecurityFiles, TlsFiles};

/// The part of the text of `--help` that is about them.
pub(super) const LISTEN_USAGE: &str = "
  <program> serve --listen ADDR:PORT [OPTIONS]
                           serve hosts on other machines, until SIGTERM

    --tls-cert FILE        the certificate, and those between it and a root, in PEM
    --tls-key FILE         its private key, in PEM
    --client-ca FILE       the roots of the callers' certificates, in PEM: callers need one
    --token-file FILE      bearer tokens, one per line: callers need one of them
    --config FILE          the configuration, as JSON
    --drain SECONDS        how long a stop takes at most, 30 unless said
    --instance NAME        the name in the header Goplug-Instance, random unless said
    --affinity-cookie      set a cookie of that name, for balancers that keep a caller by it
    --insecure-no-tls      beyond loopback, do without TLS
    --insecure-any-caller  beyond loopback, do without --client-ca and --token-file

  The files of TLS and of tokens are read again when they change. GET /livez and GET /readyz
  are for probes, and need neither certificate nor token.
";

/// What `serve --listen` is told.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Listen {
    pub(super) options: RemoteOptions,
    /// The file with the configuration.
    pub(super) config: Option<PathBuf>,
}

/// The options that are given, each at most once.
#[derive(Default)]
struct Given {
    values: Vec<(&'static str, OsString)>,
    flags: Vec<&'static str>,
}

const VALUES: [&str; 8] = [
    "--listen",
    "--tls-cert",
    "--tls-key",
    "--client-ca",
    "--token-file",
    "--config",
    "--drain",
    "--instance",
];

const FLAGS: [&str; 3] = ["--affinity-cookie", "--insecure-no-tls", "--insecure-any-caller"];

/// Reads what follows `serve`.
///
/// # Errors
/// A sentence that says what is wrong.
pub(super) fn parse(arguments: impl Iterator<Item = OsString>) -> Result<Listen, String> {
    let mut given = Given::read(arguments)?;
    let address = given.text("--listen")?.ok_or("serve needs --listen ADDR:PORT")?;
    let (certificates, key) = (given.file("--tls-cert"), given.file("--tls-key"));
    let client_roots = given.file("--client-ca");
    let tls = match (certificates, key) {
        (Some(certificates), Some(key)) => Some(TlsFiles { certificates, key, client_roots }),
        (None, None) if client_roots.is_some() => {
            return Err("--client-ca needs --tls-cert and --tls-key".into());
        }
        (None, None) => None,
        _ => return Err("--tls-cert and --tls-key need each other".into()),
    };
    let files = SecurityFiles { tls, tokens: given.file("--token-file") };
    let drain = match given.text("--drain")? {
        None => limits::REMOTE_DRAIN,
        Some(text) => seconds(&text).ok_or("--drain needs a number of seconds")?,
    };
    let instance = match given.text("--instance")? {
        None => None,
        Some(name) => Some(Instance::named(&name).ok_or(
            "--instance needs a name of at most 128 letters, digits, dots, underscores and hyphens",
        )?),
    };
    let consent = Consent {
        without_tls: given.has("--insecure-no-tls"),
        any_caller: given.has("--insecure-any-caller"),
    };
    let sets_cookie = given.has("--affinity-cookie");
    let options = RemoteOptions { address, files, instance, sets_cookie, drain, consent };
    Ok(Listen { options, config: given.file("--config") })
}

fn seconds(text: &str) -> Option<Duration> {
    let seconds = text.parse().ok().filter(|seconds| *seconds >= 0.0)?;
    Duration::try_from_secs_f64(seconds).ok().filter(|time| *time <= limits::MAX_DURATION)
}

impl Given {
    fn read(mut arguments: impl Iterator<Item = OsString>) -> Result<Self, String> {
        let mut given = Self::default();
        while let Some(argument) = arguments.next() {
            let text = argument.to_str().ok_or_else(|| format!("unknown argument {argument:?}"))?;
            if let Some(flag) = FLAGS.into_iter().find(|flag| *flag == text) {
                given.flags.push(flag);
                continue;
            }
            let (name, value) = match text.split_once('=') {
                Some((name, value)) => (name, Some(OsString::from(value))),
                None => (text, None),
            };
            let name = VALUES.into_iter().find(|known| *known == name);
            let name = name.ok_or_else(|| format!("unknown argument {argument:?} of serve"))?;
            if given.values.iter().any(|(other, _)| *other == name) {
                return Err(format!("{name} is there twice"));
            }
            let value = value.or_else(|| arguments.next()).filter(|value| !value.is_empty());
            given.values.push((name, value.ok_or_else(|| format!("{name} needs a value"))?));
        }
        Ok(given)
    }

    fn take(&mut self, name: &str) -> Option<OsString> {
        let place = self.values.iter().position(|(other, _)| *other == name)?;
        Some(self.values.swap_remove(place).1)
    }

    fn file(&mut self, name: &str) -> Option<PathBuf> {
        self.take(name).map(PathBuf::from)
    }

    fn text(&mut self, name: &str) -> Result<Option<String>, String> {
        let value = self.take(name).map(OsString::into_string).transpose();
        value.map_err(|value| format!("{name} {value:?} is not text"))
    }

    fn has(&self, flag: &str) -> bool {
        self.flags.contains(&flag)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(arguments: &str) -> Result<Listen, String> {
        parse(arguments.split_whitespace().map(OsString::from))
    }

    #[test]
    fn all_options_are_read() {
        let read = read(
            "--listen 0.0.0.0:443 --tls-cert=c --tls-key k --client-ca r --token-file=t --config j \
             --drain 2.5 --instance one --affinity-cookie --insecure-no-tls --insecure-any-caller",
        );
        let tls =
            TlsFiles { certificates: "c".into(), key: "k".into(), client_roots: Some("r".into()) };
        let options = RemoteOptions {
            address: "0.0.0.0:443".into(),
            files: SecurityFiles { tls: Some(tls), tokens: Some("t".into()) },
            instance: Instance::named("one"),
            sets_cookie: true,
            drain: Duration::from_millis(2500),
            consent: Consent { without_tls: true, any_caller: true },
        };
        assert_eq!(read, Ok(Listen { options, config: Some("j".into()) }));
    }

    #[test]
    fn most_options_may_be_left_out() {
        let options = read("--listen localhost:1").unwrap().options;
        assert_eq!(options.files, SecurityFiles::default());
        assert_eq!(options.drain, limits::REMOTE_DRAIN);
        assert_eq!((options.consent, options.sets_cookie), (Consent::default(), false));
    }

    #[test]
    fn what_is_wrong_is_named() {
        for (arguments, fault) in [
            ("", "serve needs --listen ADDR:PORT"),
            ("--listen", "--listen needs a value"),
            ("--listen=", "--listen needs a value"),
            ("--listen a:1 --listen b:1", "--listen is there twice"),
            ("--listen a:1 x", "unknown argument \"x\" of serve"),
            ("--listen a:1 --tls-cert c", "--tls-cert and --tls-key need each other"),
            ("--listen a:1 --tls-key c", "--tls-cert and --tls-key need each other"),
            ("--listen a:1 --client-ca c", "--client-ca needs --tls-cert and --tls-key"),
            ("--listen a:1 --drain soon", "--drain needs a number of seconds"),
            ("--listen a:1 --drain -1", "--drain needs a number of seconds"),
            ("--listen a:1 --drain inf", "--drain needs a number of seconds"),
        ] {
            assert_eq!(read(arguments).unwrap_err(), fault, "{arguments}");
        }
        assert!(read("--listen a:1 --instance a;b").unwrap_err().starts_with("--instance needs"));
    }
}
