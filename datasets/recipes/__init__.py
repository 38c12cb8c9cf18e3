"""What recipes share: choosing images, how hard they are, and what they look like. They are not part of the wheel."""
