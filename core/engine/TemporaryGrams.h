// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "foundation/AtomicPath.h"
#include "model/ModelSpec.h"

#include <filesystem>

namespace secateur {

/// A place for Gram matrices that nobody keeps, among the temporary files (TMPDIR). Their folder goes when this goes; that of a killed process goes with the next
/// one's.
class TemporaryGrams {
public:
    /// Throws Error where there is no such place, or no room for those of the model.
    explicit TemporaryGrams(const ModelSpec &dense);
    std::filesystem::path file() const { return m_folder.temporary() / "grams.safetensors"; }

private:
    AtomicPath m_folder; ///< never committed
};

} // namespace secateur
