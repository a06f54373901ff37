#include "misuse.hpp"

// error: batchnorm: ChannelAxis counts from 0; the last axis is ChannelsLast.
ChannelAxis<-1> axis;  // here
