// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "foundation/Error.h"

#include <exception>
#include <nlohmann/json.hpp>
#include <stdexcept>
#include <string>
#include <sys/types.h>

namespace secateur {

/// Why a system call failed, in plain words that end a sentence: "the disk is full" for ENOSPC. The one place where messages get such
/// reasons from.
std::string reasonOf(int errorNumber);
/// What to do about it where a file was to be written: "Free some space, or choose another disk."
std::string remedyOfWriting(int errorNumber);

/// What stands under a name, with its article, for messages: "a file", "a folder", "a pipe", "a socket", "a device". `mode` as stat gives it.
const char *kindOfFile(mode_t mode);

/// What is wrong with a JSON document that does not hold what was asked of it, without the library's words: "it has no field 'layers'".
std::string problemOf(const nlohmann::json::exception &problem);

/// What is wrong with a document of ours, as the end of a sentence that names the document: "there is no tensor 'scores.3'".
class Flaw : public std::runtime_error {
    using std::runtime_error::runtime_error;
};
/// The end of that sentence for whatever reading such a document threw.
std::string flawOf(const std::exception &problem);

/// What a library or the system threw, as an Error of ours: an Error stays as it is; too little memory, refused threads, failures of
/// files and documents of another form become sentences; anything else asks to be reported. Cancelled must be caught before.
Error asError(const std::exception &problem);
/// Whether the machine gave out, in memory or device, and not what was asked for is wrong.
bool isOfMachine(const std::exception &problem);
/// The GPU that gave out ("cuda:0"); empty where it was anything else.
std::string failedDevice(const std::exception &problem);

} // namespace secateur
