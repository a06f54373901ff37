#include "settings.hpp"

// The command line of benchmarks/mlp without the rest of it, which needs libtorch.
int main(int argc, char** argv) { benchmarks::parse_settings(argc, argv); }
