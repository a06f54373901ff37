/// Batch normalization over Eigen: the layer `BatchNorm`, its modes and policies, `moments`, and
/// `fold`.
namespace batchnorm {}
