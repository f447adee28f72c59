//! The [`Pattern`]s of products that write lines of text in formats without a reader of their own.

use std::sync::LazyLock;

use super::super::address::Networks;
use super::pattern::Pattern;

/// How products write their logs, in the words of `--format`; the longer of two that begin alike comes first.
const STOCK: [&str; 12] = [
    // AWS ALB, <https://docs.aws.amazon.com/elasticloadbalancing/latest/application/load-balancer-access-logs.html>.
    "$type $time_iso8601 $elb $remote_addr $target $t1 $t2 $t3 $status $of_target $in $out \"$request\" \"$http_user_agent\" $rest",
    // AWS's classic ELB, <https://docs.aws.amazon.com/elasticloadbalancing/latest/classic/access-log-collection.html>.
    "$time_iso8601 $elb $remote_addr $backend $t1 $t2 $t3 $status $of_backend $in $out \"$request\" \"$http_user_agent\" $rest",
    "$time_iso8601 $elb $remote_addr $backend $t1 $t2 $t3 $status $of_backend $in $out \"$request\"",
    // AWS S3, <https://docs.aws.amazon.com/AmazonS3/latest/userguide/LogFormat.html>.
    "$owner $bucket [$time_local] $remote_addr $by $id $operation $key \"$request\" $status $error $out $size $t1 $t2 \"$http_referer\" \"$http_user_agent\" $rest",
    // Istio, <https://istio.io/latest/docs/tasks/observability/logs/access-log/>.
    "[$time_iso8601] \"$request\" $status $flags $details $end \"$failure\" $in $out $t1 $t2 \"$http_x_forwarded_for\" \"$http_user_agent\" \"$id\" \"$host\" \"$upstream\" $cluster $local $own $remote_addr $sni $route",
    // Envoy, <https://www.envoyproxy.io/docs/envoy/latest/configuration/observability/access_log/usage#default-format-string>.
    "[$time_iso8601] \"$request\" $status $flags $in $out $t1 $t2 \"$http_x_forwarded_for\" \"$http_user_agent\" \"$id\" \"$host\" \"$upstream\"",
    // Nginx Proxy Manager, of proxies and of what it answers itself,
    // <https://github.com/NginxProxyManager/nginx-proxy-manager/blob/develop/docker/rootfs/etc/nginx/conf.d/include/log-proxy.conf>.
    "[$time_local] $cache $of_upstream $status - $request_method $scheme $host \"$request_uri\" [Client $remote_addr] [Length $out] [Gzip $gzip] [Sent-to $server] \"$http_user_agent\" \"$http_referer\"",
    "[$time_local] $status - $request_method $scheme $host \"$request_uri\" [Client $remote_addr] [Length $out] [Gzip $gzip] \"$http_user_agent\" \"$http_referer\"",
    "[$time_local] $of_upstream $status - $request_method $scheme $host \"$request_uri\" [Client $remote_addr] [Length $out] [Gzip $gzip] [Sent-to $server] \"$http_user_agent\" \"$http_referer\"",
    // Bunny, <https://docs.bunny.net/cdn/logging>.
    "$cache|$status|$msec|$out|$zone|$remote_addr|$http_referer|$request_uri|$edge|$http_user_agent|$id|$country",
    // Kong's and nginx's combined with the host behind the address, in brackets or quotes.
    "$remote_addr - $remote_user [$time_local] $host \"$request\" $status $out \"$http_referer\" \"$http_user_agent\"",
    "$remote_addr - $remote_user [$time_local] \"$host\" \"$request\" $status $out \"$http_referer\" \"$http_user_agent\"",
];

static PATTERNS: LazyLock<Vec<Pattern>> = LazyLock::new(|| STOCK.into_iter().filter_map(Pattern::of).collect());

/// The pattern that reads a line.
pub(super) fn find(line: &[u8], trusted: &Networks) -> Option<Pattern> {
    PATTERNS.iter().find(|pattern| pattern.read(line, trusted, None).is_some()).cloned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_description_is_one() {
        assert_eq!(PATTERNS.len(), STOCK.len());
    }
}
