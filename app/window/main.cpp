// SPDX-License-Identifier: GPL-3.0-or-later
// secateur: the window.
#include "engine/EngineChecks.h"
#include "engine/Forecast.h"
#include "foundation/Error.h"
#include "foundation/JsonFile.h"
#include "theme/SessionBus.h"
#include "theme/Theme.h"
#include "window/BusProbe.h"
#include "window/EndSignals.h"
#include "window/Launch.h"
#include "window/MainWindow.h"

#include <QApplication>
#include <QCommandLineParser>
#include <QIcon>
#include <algorithm>
#include <array>
#include <csignal>
#include <memory>
#include <string_view>

namespace {

using namespace secateur::ui;

constexpr int kFailed = 1, kUsage = 2; // as those of secateur-cli

/// Whether there is a display, or a way to do without one. Where there is none, a QApplication would end the process.
bool hasDisplay(int argc, char **argv)
{
    const auto isSet = [](const char *name) { return !qEnvironmentVariableIsEmpty(name); };
    const auto isQts = [](std::string_view argument) { // of the options that Qt takes for itself
        constexpr std::array kQts = {std::string_view("-platform"), std::string_view("-display")};
        return std::ranges::any_of(
            kQts, [&](std::string_view name) { return argument == name || (argument.starts_with('-') && argument.substr(1) == name); });
    };
    return isSet("DISPLAY") || isSet("WAYLAND_DISPLAY") || isSet("QT_QPA_PLATFORM") || std::any_of(argv + 1, argv + argc, isQts);
}

/// The command line of the window.
class CommandLine {
public:
    CommandLine();

    bool isSampleWanted() const { return m_parser.isSet(m_sample); }
    QString path() const { return m_parser.positionalArguments().value(0); }
    /// Shows help or the version and ends the process where that is asked for. Throws Error where the usage is wrong.
    void read(const QStringList &arguments);
    /// Throws Error where a value is none.
    secateur::EngineSettings engine() const;

private:
    QCommandLineParser m_parser;
    QCommandLineOption m_sample, m_device, m_dtype, m_threads, m_hostMemory, m_deviceMemory;
};

CommandLine::CommandLine()
    : m_sample(QStringLiteral("sample"), QApplication::translate("main", "Open the bundled sample.")),
      m_device(QStringLiteral("device"), QApplication::translate("main", "auto, cpu, cuda or cuda:N."), QStringLiteral("name"),
               QStringLiteral("auto")),
      m_dtype(QStringLiteral("dtype"), QApplication::translate("main", "Type to compute in: auto, fastest, float32, bfloat16, float16."),
              QStringLiteral("name"), QStringLiteral("auto")),
      m_threads(QStringLiteral("threads"), QApplication::translate("main", "CPU threads to compute with; 0 = all cores but one."),
                QStringLiteral("n"), QStringLiteral("0")),
      m_hostMemory(
          QStringLiteral("host-memory"),
          QApplication::translate("main", "Memory that may be taken, such as 8GiB; layers are streamed where it is less than the model."),
          QStringLiteral("size")),
      m_deviceMemory(QStringLiteral("device-memory"), QApplication::translate("main", "The same of the GPU, such as 24GiB."),
                     QStringLiteral("size"))
{
    m_parser.setApplicationDescription(QApplication::translate("main", "Structured pruning of large language models, in a window."));
    m_parser.addHelpOption();
    m_parser.addVersionOption();
    m_parser.addPositionalArgument(QStringLiteral("path"),
                                   QApplication::translate("main", "What to open: a model folder, a session, a plan or scores."),
                                   QStringLiteral("[path]"));
    m_parser.addOptions({m_sample, m_device, m_dtype, m_threads, m_hostMemory, m_deviceMemory});
}

void CommandLine::read(const QStringList &arguments)
{
    const auto refuse = [](const QString &sentence) {
        throw secateur::Error(sentence.toStdString(),
                              QApplication::translate("main", "Run with --help for more information.").toStdString());
    };
    if (!m_parser.parse(arguments))
        refuse(m_parser.errorText());
    if (m_parser.isSet(QStringLiteral("version")))
        m_parser.showVersion();
    if (m_parser.isSet(QStringLiteral("help")) || m_parser.isSet(QStringLiteral("help-all")))
        m_parser.showHelp();
    const QStringList names = m_parser.optionNames(), paths = m_parser.positionalArguments();
    for (const QString &name : names)
        if (names.count(name) > 1)
            refuse(QApplication::translate("main", "The option --%1 is given twice.").arg(name));
    if (paths.size() > 1)
        refuse(QApplication::translate("main", "One path can be opened, and %1 are given.").arg(paths.size()));
    if (isSampleWanted() && !paths.isEmpty())
        refuse(QApplication::translate("main", "The sample or a path can be opened, not both: --sample and %1.").arg(paths.constFirst()));
}

secateur::EngineSettings CommandLine::engine() const
{
    secateur::EngineSettings settings;
    settings.device = m_parser.value(m_device).toStdString();
    settings.dtype = m_parser.value(m_dtype).toStdString();
    bool isWhole = false;
    settings.threads = m_parser.value(m_threads).toInt(&isWhole);
    if (!isWhole)
        throw secateur::Error(
            QApplication::translate("main", "'%1' is not a number of threads.").arg(m_parser.value(m_threads)).toStdString(),
            QApplication::translate("main", "Give 0 (all cores but one) to 1024.").toStdString());
    secateur::checkEngineSettings(settings);
    const auto bytes = [&](const QCommandLineOption &option) {
        return m_parser.isSet(option) ? secateur::bytesFromText(m_parser.value(option).toStdString()) : 0;
    };
    settings.memory = {.device = bytes(m_deviceMemory), .host = bytes(m_hostMemory)};
    if (m_parser.isSet(m_deviceMemory) && settings.device == "cpu")
        throw secateur::Error(
            QApplication::translate("main", "--device-memory has no effect here: --device cpu uses no GPU.").toStdString());
    return settings;
}

} // namespace

int main(int argc, char **argv)
{
    std::signal(SIGXFSZ, SIG_IGN); // a file that grows beyond a limit (ulimit -f): the call that writes fails instead
    const bool isShown = hasDisplay(argc, argv);
    if (isShown && leaveMuteSessionBus())
        qWarning("%s",
                 qPrintable(QCoreApplication::translate(
                     "main", "The session bus does not answer: the window starts without it, so without screen readers and notices.")));
    // Help and what is wrong with the command line can be told without a display.
    const std::unique_ptr<QCoreApplication> application(isShown ? new QApplication(argc, argv) : new QCoreApplication(argc, argv));
    QCoreApplication::setApplicationName(QStringLiteral("secateur"));
    QCoreApplication::setApplicationVersion(QStringLiteral(SECATEUR_VERSION));
    CommandLine commandLine;
    Launch launch;
    try {
        commandLine.read(QCoreApplication::arguments());
        launch = usualLaunch();
        launch.engine = commandLine.engine();
        if (launch.engine.memory.host > 0)
            secateur::limitJsonMemory(launch.engine.memory.host);
    } catch (const secateur::Error &problem) {
        qCritical("%s %s", problem.what(), problem.hint().c_str());
        return kUsage;
    }
    if (!isShown) {
        const QString sentence =
            QCoreApplication::translate("main", "There is no display. Set DISPLAY or WAYLAND_DISPLAY, or use secateur-cli.");
        qCritical("%s", qPrintable(sentence));
        return kFailed;
    }
    QApplication::setApplicationDisplayName(QStringLiteral("Secateur"));
    QApplication::setWindowIcon(QIcon(QStringLiteral(":/icons/secateur.svg"))); // where the desktop does not know the program
    QApplication::setDesktopFileName(QStringLiteral("io.github.secateur.Secateur"));
    SessionBus bus(SessionBus::usualAddress());
    Theme theme(bus);
    const EndSignals endSignals;
    MainWindow window(launch, theme, bus);
    window.show();
    if (commandLine.isSampleWanted())
        window.openSample();
    else if (!commandLine.path().isEmpty())
        window.open(commandLine.path());
    return QApplication::exec();
}
