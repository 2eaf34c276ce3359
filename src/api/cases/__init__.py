"""What a care role sees behind a page: messages, the words that gave the danger away, whom to reach."""
