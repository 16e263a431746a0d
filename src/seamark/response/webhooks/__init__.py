"""Messages to addresses that people name: signed as Standard Webhooks says, and never to where they should not go."""
