// What the reference says of members that the layers inherit from detail/, where a comment does not.
namespace batchnorm::detail {

/// \typedef LayerBase::Scalar
/// float or double.

/// \typedef LayerBase::Set
/// The layer's policies, one of each kind.

/// \typedef LayerBase::Vector
/// One value per channel.

/// \typedef LayerBase::ConstVectorMap
/// One value per channel in the layer's memory, not writable; valid as long as the layer is.

/// \typedef LayerBase::CountMap
/// One count per channel in the layer's memory, not writable; valid as long as the layer is.

/// \fn LayerBase::channels() const
/// Number of channels, at least 1.

/// \fn LayerBase::options() const
/// The options that the layer was made with.

/// \fn LayerBase::running_mean() const
/// Running average of the mean, one value per channel; finite, unless by `NonFinite::propagate`.

/// \fn LayerBase::running_variance() const
/// Running average of the variance, one value of at least 0 per channel; finite, unless by `NonFinite::propagate`.

/// \typedef LearningLayer::VectorMap
/// One value per channel in the layer's memory, writable; valid as long as the layer is.

/// \fn LearningLayer::forward(const Device &device, const X &x, Rest &&... rest)
/// The same on a device, with the same bits.

/// \fn LearningLayer::forward(const X &, Rest &&...) const
/// Does not compile: forward leaves something for backward.

/// \fn LearningLayer::forward(const Device &, const X &, Rest &&...) const
/// Does not compile: forward leaves something for backward.

/// \fn LearningLayer::backward(const Device &device, const X &x, Rest &&... rest)
/// The same on a device, with the same bits.

}  // namespace batchnorm::detail
