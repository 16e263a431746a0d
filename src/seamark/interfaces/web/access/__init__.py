"""How people get in: passwords, second factors, passkeys, sessions, single sign-on. The ground work is django-allauth's."""
