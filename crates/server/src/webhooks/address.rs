//! Where deliveries may go: to public addresses, so that nobody can make the server call what only it can reach.
//!
//! A name is resolved once for each connection, and the connection is made to an address that was looked at: what the name
//! means later does not matter.

use http::Uri;
use hyper_util::client::legacy::connect::dns::Name;
use std::future::Future;
use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;
use tokio::net::lookup_host;
use tower::Service;

/// How long it may take to find a name's addresses.
const RESOLVE_TIME_MAX: Duration = Duration::from_secs(5);

/// Whether only public addresses, and those over https, are allowed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Reach {
    Public,
    Any,
}

/// Checks the address of a webhook, and that it may be called. The error is MLflow's text.
pub(super) async fn check_url(url: &str, reach: Reach) -> Result<(), String> {
    let uri = parse(url, reach)?;
    let host = host(&uri).ok_or_else(|| no_host(url))?;
    if reach == Reach::Any {
        return Ok(());
    }
    let addresses = resolve(host.clone())
        .await
        .map_err(|error| format!("Cannot resolve Webhook URL hostname '{host}': {error}"))?;
    refuse_private(&host, &addresses)
}

/// Reads the address of a webhook; a host that is an address is checked, a name is not yet.
pub(super) fn parse(url: &str, reach: Reach) -> Result<Uri, String> {
    let uri: Uri = url.parse().map_err(|error| format!("Invalid webhook URL '{url}': {error}"))?;
    let (scheme, allowed) = (
        uri.scheme_str().unwrap_or_default(),
        match reach {
            Reach::Public => "https",
            Reach::Any => "https, http",
        },
    );
    if !allowed.split(", ").any(|one| one == scheme) {
        return Err(format!("Invalid webhook URL scheme: '{scheme}'. Allowed schemes are: {allowed}."));
    }
    let host = host(&uri).ok_or_else(|| no_host(url))?;
    if uri.authority().is_some_and(|authority| authority.as_str().contains('@')) {
        return Err("Webhook URL must not hold a user or a password".to_owned());
    }
    if !is_port_right(&uri) {
        return Err(format!("Invalid webhook URL '{url}': the port must be 1 to 65535"));
    }
    match host.parse::<IpAddr>() {
        Ok(address) if reach == Reach::Public => refuse_private(&host, &[SocketAddr::new(address, 0)])?,
        _ => {}
    }
    Ok(uri)
}

/// Returns the host without the brackets of an IPv6 address.
fn host(uri: &Uri) -> Option<String> {
    let host = uri.host()?.trim_start_matches('[').trim_end_matches(']');
    if host.is_empty() { None } else { Some(host.to_owned()) }
}

/// Says whether the port is one, if there is any: [`Uri`] takes any digits, and then there is no port.
fn is_port_right(uri: &Uri) -> bool {
    let behind_host = || uri.authority()?.as_str().strip_prefix(uri.host()?);
    behind_host().is_none_or(|rest| matches!(rest, "" | ":")) || uri.port_u16().is_some_and(|port| port > 0)
}

fn no_host(url: &str) -> String {
    format!("Webhook URL must include a hostname: '{url}'")
}

fn refuse_private(host: &str, addresses: &[SocketAddr]) -> Result<(), String> {
    match addresses.iter().find(|address| !is_public(address.ip())) {
        Some(address) => Err(format!(
            "Webhook URL must not resolve to a non-public IP address. '{host}' resolves to {}.",
            address.ip()
        )),
        None => Ok(()),
    }
}

async fn resolve(host: String) -> io::Result<Vec<SocketAddr>> {
    let found = tokio::time::timeout(RESOLVE_TIME_MAX, lookup_host((host.as_str(), 0))).await;
    let found = found.map_err(|_| io::Error::new(io::ErrorKind::TimedOut, "no answer in time"))?;
    Ok(found?.collect())
}

/// Finds the addresses of a name, and refuses the name if one of them may not be called.
#[derive(Debug, Clone)]
pub(super) struct Resolver(pub(super) Reach);

impl Service<Name> for Resolver {
    type Response = std::vec::IntoIter<SocketAddr>;
    type Error = io::Error;
    type Future = Pin<Box<dyn Future<Output = io::Result<Self::Response>> + Send>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, name: Name) -> Self::Future {
        let reach = self.0;
        Box::pin(async move {
            let addresses = resolve(name.as_str().to_owned()).await?;
            if reach == Reach::Public {
                refuse_private(name.as_str(), &addresses)
                    .map_err(|text| io::Error::new(io::ErrorKind::PermissionDenied, text))?;
            }
            Ok(addresses.into_iter())
        })
    }
}

/// Says whether an address is of the public internet, whatever form it has.
fn is_public(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(address) => is_public_v4(address),
        IpAddr::V6(address) => embedded(address).map_or_else(|| is_public_v6(address), is_public_v4),
    }
}

fn is_public_v4(address: Ipv4Addr) -> bool {
    let [a, b, c, _] = address.octets();
    let is_special = address.is_private()
        || address.is_loopback()
        || address.is_link_local()
        || address.is_documentation()
        || address.is_multicast()
        // "This network", shared by carriers, for protocols, the old 6to4 relays, for benchmarks, reserved.
        || a == 0
        || (a == 100 && (64..128).contains(&b))
        || (a == 192 && b == 0 && c == 0)
        || (a == 192 && b == 88 && c == 99)
        || (a == 198 && (b == 18 || b == 19))
        || a >= 240;
    !is_special
}

fn is_public_v6(address: Ipv6Addr) -> bool {
    let segments = address.segments();
    // Of 2000::/3, which is all that is public, without what is for protocols, documentation and old experiments.
    segments[0] & 0xe000 == 0x2000
        && !(segments[0] == 0x2001 && segments[1] < 0x0200)
        && !(segments[0] == 0x2001 && segments[1] == 0x0db8)
        && !(segments[0] == 0x3fff && segments[1] < 0x1000)
        && segments[0] != 0x3ffe
}

/// Returns the IPv4 address that an IPv6 address stands for: mapped, 6to4 or NAT64.
fn embedded(address: Ipv6Addr) -> Option<Ipv4Addr> {
    let segments = address.segments();
    let pair = |high: u16, low: u16| Ipv4Addr::from((u32::from(high) << 16) | u32::from(low));
    match segments {
        [0, 0, 0, 0, 0, 0xffff, high, low] | [0x64, 0xff9b, 0, 0, 0, 0, high, low] => Some(pair(high, low)),
        [0x2002, high, low, ..] => Some(pair(high, low)),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_public_addresses_are_public() {
        for address in
            ["8.8.8.8", "1.1.1.1", "100.63.0.1", "2606:4700::1111", "64:ff9b::808:808", "2002:808:808::"]
        {
            assert!(is_public(address.parse().unwrap()), "{address}");
        }
        for address in [
            "127.0.0.1",
            "10.1.2.3",
            "172.16.0.1",
            "192.168.1.1",
            "169.254.169.254",
            "100.64.0.1",
            "0.0.0.0",
            "0.1.2.3",
            "192.0.0.1",
            "198.18.0.1",
            "203.0.113.5",
            "224.0.0.1",
            "255.255.255.255",
            "::",
            "::1",
            "fe80::1",
            "fc00::1",
            "fd12::1",
            "ff02::1",
            "2001:db8::1",
            "2001::1",
            "::ffff:127.0.0.1",
            "::ffff:10.0.0.1",
            "64:ff9b::7f00:1",
            "2002:7f00:1::",
            "::127.0.0.1",
            "fec0::1",
            "64:ff9b:1::1",
        ] {
            assert!(!is_public(address.parse().unwrap()), "{address}");
        }
    }

    async fn check(url: &str, reach: Reach, expected: Result<(), &str>) {
        assert_eq!(check_url(url, reach).await, expected.map_err(str::to_owned), "{url}");
    }

    #[tokio::test]
    async fn addresses_have_rules() {
        const PRIVATE: &str = "Webhook URL must not resolve to a non-public IP address. ";
        let refused = format!("{PRIVATE}'127.0.0.1' resolves to 127.0.0.1.");
        check("https://127.0.0.1/x", Reach::Public, Err(&refused)).await;
        let refused = format!("{PRIVATE}'::1' resolves to ::1.");
        check("https://[::1]:8/x", Reach::Public, Err(&refused)).await;
        for right in ["https://8.8.8.8/x", "https://8.8.8.8:/x", "https://[2606:4700::1111]:65535/x"] {
            check(right, Reach::Public, Ok(())).await;
        }
        for url in ["https://8.8.8.8:0/x", "https://8.8.8.8:65536/x", "https://[2606:4700::1111]:99999/x"] {
            let wrong = format!("Invalid webhook URL '{url}': the port must be 1 to 65535");
            check(url, Reach::Public, Err(&wrong)).await;
        }
        let http = "Invalid webhook URL scheme: 'http'. Allowed schemes are: https.";
        check("http://8.8.8.8/x", Reach::Public, Err(http)).await;
        check("http://127.0.0.1:5/x", Reach::Any, Ok(())).await;
        let ftp = "Invalid webhook URL scheme: 'ftp'. Allowed schemes are: https, http.";
        check("ftp://a", Reach::Any, Err(ftp)).await;
        check("https://a:b@c", Reach::Any, Err("Webhook URL must not hold a user or a password")).await;
        assert!(check_url("https://localhost/x", Reach::Public).await.unwrap_err().starts_with(PRIVATE));
        assert!(check_url("https://127.1/x", Reach::Public).await.is_err());
    }
}
