//! The URL of a plugin that serves a network: where it is, and whether TLS secures the way.

/// The URL of a remote plugin, as `https://host:port/prefix`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RemoteUrl {
    is_secure: bool,
    /// The host and the port, as they are written.
    authority: String,
    host: String,
    port: u16,
    /// Empty, or a path that begins with a slash and does not end in one.
    prefix: String,
}

impl RemoteUrl {
    /// Whether this is meant to be the URL of a remote plugin: its scheme is `http` or `https`.
    pub fn is_meant_by(text: &str) -> bool {
        ["http://", "https://"].iter().any(|scheme| text.starts_with(scheme))
    }

    /// Reads a URL.
    ///
    /// # Errors
    /// What is wrong with it, for people.
    pub fn parse(text: &str) -> Result<Self, String> {
        let (is_secure, rest) = match text.split_once("://") {
            Some(("https", rest)) => (true, rest),
            Some(("http", rest)) => (false, rest),
            _ => return Err("its scheme is neither `https` nor `http`".into()),
        };
        let (authority, path) = rest.split_at(rest.find('/').unwrap_or(rest.len()));
        if authority.contains('@') {
            // It may be a password: not shown.
            return Err("it holds a user's name: a token is read from a file".into());
        }
        let (host, port) = host_and_port(authority)?;
        Ok(Self {
            is_secure,
            authority: authority.into(),
            host: host.into(),
            port: port.unwrap_or(if is_secure { 443 } else { 80 }),
            prefix: prefix(path)?.into(),
        })
    }

    /// Whether TLS secures the connections.
    pub fn is_secure(&self) -> bool {
        self.is_secure
    }

    /// The host and, if it is written, the port: the value of the header `Host`.
    pub fn authority(&self) -> &str {
        &self.authority
    }

    /// The name or the address of the host, without brackets.
    pub fn host(&self) -> &str {
        &self.host
    }

    /// The port.
    pub fn port(&self) -> u16 {
        self.port
    }

    /// What comes before the path of each request; empty, or with a slash before it and none behind.
    pub fn prefix(&self) -> &str {
        &self.prefix
    }

    /// Whether the host is this machine.
    pub fn is_loopback(&self) -> bool {
        let address = self.host.parse::<std::net::IpAddr>();
        address.map_or(self.host.eq_ignore_ascii_case("localhost"), |it| it.is_loopback())
    }
}

impl std::fmt::Display for RemoteUrl {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let scheme = if self.is_secure { "https" } else { "http" };
        write!(f, "{scheme}://{}{}", self.authority, self.prefix)
    }
}

fn host_and_port(authority: &str) -> Result<(&str, Option<u16>), String> {
    let (host, rest) = match authority.strip_prefix('[') {
        Some(rest) => {
            let (host, rest) = rest.split_once(']').ok_or("its address has no closing bracket")?;
            if host.parse::<std::net::Ipv6Addr>().is_err() {
                return Err(format!("{host:?} is no IPv6 address"));
            }
            (host, rest)
        }
        None => authority.split_at(authority.find(':').unwrap_or(authority.len())),
    };
    let is_name = |c: char| c.is_ascii_alphanumeric() || "-._:".contains(c);
    if host.is_empty() || !host.chars().all(is_name) {
        return Err(format!("{host:?} is no host's name"));
    }
    let port = match rest.strip_prefix(':') {
        None if rest.is_empty() => None,
        Some(port) if port.starts_with(|c: char| c.is_ascii_digit()) => {
            port.parse().ok().filter(|port| *port > 0)
        }
        _ => None,
    };
    if port.is_none() && !rest.is_empty() {
        return Err(format!("{:?} is no port", rest.trim_start_matches(':')));
    }
    Ok((host, port))
}

fn prefix(path: &str) -> Result<&str, String> {
    let prefix = path.trim_end_matches('/');
    let is_plain = |c: char| c.is_ascii_alphanumeric() || "-._~%!$&'()*+,;=:@/".contains(c);
    let has_odd_segment =
        prefix.split('/').skip(1).any(|segment| ["", ".", ".."].contains(&segment));
    if has_odd_segment || !prefix.chars().all(is_plain) {
        return Err(
            "its path is not one that goes before a method's name: without a query, empty \
                    segments and `..`"
                .into(),
        );
    }
    Ok(prefix)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_url_says_where_a_plugin_is() {
        for (text, is_secure, host, port, prefix) in [
            ("https://render.example", true, "render.example", 443, ""),
            ("https://render.example/", true, "render.example", 443, ""),
            ("http://127.0.0.1:8080", false, "127.0.0.1", 8080, ""),
            ("https://[::1]:7443/plugins/render/", true, "::1", 7443, "/plugins/render"),
        ] {
            let url = RemoteUrl::parse(text).unwrap();
            let found = (url.is_secure(), url.host(), url.port(), url.prefix());
            assert_eq!(found, (is_secure, host, port, prefix), "{text}");
        }
        let local = ["http://localhost:1", "http://127.8.0.1", "http://[::1]"];
        assert!(local.iter().all(|text| RemoteUrl::parse(text).unwrap().is_loopback()));
        assert!(!RemoteUrl::parse("http://10.0.0.1").unwrap().is_loopback());
    }

    #[test]
    fn a_url_that_is_none_of_a_plugin_is_refused() {
        for text in [
            "ftp://a",
            "https://",
            "https://:443",
            "https://a:0",
            "https://a:x",
            "https://a:",
            "https://a:70000",
            "https://a b",
            "https://[::1",
            "https://[x]",
            "https://a/b?c",
            "https://a/#b",
            "https://a/../b",
            "https://a//b",
        ] {
            assert!(RemoteUrl::parse(text).is_err(), "{text}");
        }
        let error = RemoteUrl::parse("https://me:hunter2@a").unwrap_err();
        assert!(!error.contains("hunter2"), "{error}");
    }
}
