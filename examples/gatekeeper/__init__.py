"""Watch who asks, slow down who asks too much, and keep out who attacks: an app for any Django project."""
