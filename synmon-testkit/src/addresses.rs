//! Addresses that no flow may reach, in all their spellings. Nothing is ever sent there.

/// Loopback, however it is written.
pub const LOOPBACK: [&str; 12] = [
    "127.0.0.1",
    "2130706433",
    "0x7f.1",
    "0177.0.0.1",
    "127.1",
    "0",
    "[::1]",
    "[::]",
    "[::ffff:127.0.0.1]",
    "localhost",
    "LOCALHOST.",
    "a.localhost",
];

/// What is not public: private, shared, link-local, of metadata services, reserved, and what leads
/// there from IPv6.
pub const NOT_PUBLIC: [&str; 31] = [
    "169.254.169.254",
    "168.63.129.16",
    "100.100.100.200",
    "10.0.0.1",
    "172.16.0.1",
    "192.168.1.1",
    "198.18.0.1",
    "192.0.0.1",
    "224.0.0.1",
    "255.255.255.255",
    "[fd00:ec2::254]",
    "[fe80::1]",
    "[64:ff9b::7f00:1]",
    "[64:ff9b:1::1]",
    "[2002:7f00:1::]",
    "[2002:808:808::]",
    "[::ffff:0:a00:5]",
    "[100:0:0:1::1]",
    "[4000::1]",
    "[2001::1]",
    "[::10.0.0.1]",
    "[5f00::1]",
    "[ff02::1]",
    "172.31.255.255",
    "192.168.0.1",
    "100.64.0.1",
    "0.1.2.3",
    "240.0.0.1",
    "[fc00::1]",
    "[64:ff9b::a00:1]",
    "[2002:a00:1::]",
];
