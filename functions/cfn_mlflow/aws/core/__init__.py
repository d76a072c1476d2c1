"""What do all AWS objects share? Session, errors, owner, tags, sharing, comparison."""
