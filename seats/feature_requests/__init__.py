"""What members ask the vendor to build, and the answers (product.md C9)."""
