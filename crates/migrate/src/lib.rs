//! Plans for leaving pod identity, IRSA and fixed credentials.
