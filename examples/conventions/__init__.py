"""What the APIs of the shop, the gatekeeper and the invoices have in common; `settings.SYSTEM` tells them apart."""
