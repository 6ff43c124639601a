"""Who works here: people, roles, departments, who answers for whom."""
