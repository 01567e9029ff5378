//! Who can do what in a cluster, and which pods sign in to Azure as what.
