"""Messages to people and teams: at once what is urgent, the rest once a day, and never the same twice."""
