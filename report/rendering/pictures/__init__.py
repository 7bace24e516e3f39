"""Pictures: figures, diagrams and terminals as SVG, their colours and their fonts."""
