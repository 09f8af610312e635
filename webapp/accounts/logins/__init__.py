"""How people get in and stay in: what is recorded of logins, the second factor, and open sessions."""
