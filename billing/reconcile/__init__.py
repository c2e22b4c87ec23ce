"""After the fact: incidents, credit notes, and the comparison of our books with Stripe's."""
