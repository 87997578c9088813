"""An OpenID provider to try the shop's log-in against: Django OAuth Toolkit with one client and two people."""
