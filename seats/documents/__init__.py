"""What a customer's purchasing department files: orders as amendments, with who approved them (product.md E17)."""
