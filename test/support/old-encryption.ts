/** What OpenSSL 3 reads only with its legacy provider; the password is `secret`, and nothing trusts the key. */

/** Made by `openssl pkcs12 -export -legacy`. */
export const OLD_KEYSTORE = Buffer.from(
  [
    'MIIDcgIBAzCCAzgGCSqGSIb3DQEHAaCCAykEggMlMIIDITCCAhcGCSqGSIb3DQEHBqCCAggwggIEAgEAMIIB/QYJKoZIhvcNAQcB',
    'MBwGCiqGSIb3DQEMAQYwDgQIEztc3NeTRPICAggAgIIB0HijiYtaUC4ag9AsSxk+5dDlIBZnCaPC++gZsuT/7zVGQAMdvrqHKX8X',
    'Uocm38hxFv63dGFaqBnKTEg3jufVYXmFsbOpPVIyPzBtMAcNd03ngR07xrF58/zWLoUWTHRc3h3Pa8dE2cTAE6IDAIQvkOU9KT91',
    '7lfuZ22+4O6sHQi29Sc+j6Lh46GalNzOdEU3x0vc8L+Ja5FyOcjZmSXc1NGcXvHnuBQmJwzCmMqLmlydIxd5rhJ2SsOxHEfXVAnm',
    'yF9B4Pg7fUR1mHUPfMRGhUsA4a1+J9SRNzYDVuGhpFEZs3ZlAfjoU/wbdsRXlbHo4IspM6N/tpG4KpxqR7gHSKGrdUljkPW7R8s/',
    'hTEdaKi7zSU0D/dKc+JMBfhUVKVlZ2A0453eUlkZmD4fWvTsRzKRjtDEuqPYBVG9cfzAzkEqMFl55d3LZ5oMo+B8Nc2mXSViWkzU',
    'NBd/PN7C3wfazNiSyqEoQOilDzzKaZ83uO5bW61zNgW4YMtetecudrUIGiVJdWXt3j3j6BYesqeIEFiYbDtmS4LOIvobX3aLAHw/',
    'GX/a8e7mhthuBbez27OvarWUAE/2rK3SzGOKy5wLHxWd6IWjchn5fwG5VK6385GcMIIBAgYJKoZIhvcNAQcBoIH0BIHxMIHuMIHr',
    'BgsqhkiG9w0BDAoBAqCBtDCBsTAcBgoqhkiG9w0BDAEDMA4ECOWpOfJMEroRAgIIAASBkNjRQD04QYci6+nDIag6dKV1EE2TPHg6',
    '8dFPz7LnepisGFHuwwW8/ToE+K9OsOx74PlgmF7r/udzgEyjowe2vDp9nTUzzMEJCJypt72zpeD3TCpHHkauQADw/DOEbY2Hz+tj',
    'Iz0/dVykHAIN0Y4vKu7FhUEDdFEstG+lQ6bH9BxRBZRfrVmh62twfkSXNoQFvTElMCMGCSqGSIb3DQEJFTEWBBT9Y+sCllo1+aya',
    'c6yrpuEfJWU8TjAxMCEwCQYFKw4DAhoFAAQUJ/HiTBa3wuSy3GYvN4zlYWRvorAECOH95s37e8w1AgIIAA==',
  ].join(''),
  'base64',
)

/** Made by `openssl pkcs8 -topk8 -v1 PBE-MD5-DES -provider legacy`. */
export const OLD_KEY = `-----BEGIN ENCRYPTED PRIVATE KEY-----
MIGwMBsGCSqGSIb3DQEFAzAOBAh9cT6GeGB5DgICCAAEgZDlfdXCS4oVPc0Y2UHb
5A+atnivRnZQghg0LEyx470RoRrenBnWVhVDsrqHRPfuE1ayt3Ez7lGhIpRcnpzs
iqmVjLytuRSTdENsVVxcnzO0k3TZheohg1whpd8zqG7470E0FwparLC2DcvdenHM
QhKQtd84dtEnkdKE3COlD1jENUv+ZrY9XcJzOK2mz7u5RVI=
-----END ENCRYPTED PRIVATE KEY-----
`
